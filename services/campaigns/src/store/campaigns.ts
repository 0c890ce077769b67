import type { Queryable, Tx } from '@vafa/bus';
import type { Campaign, CampaignStatus } from '../domain/campaign.ts';

const COLUMNS = `id, name, status, purpose, messages, trigger, frequency, time_to_live as "timeToLive", version,
  created_at as "createdAt", updated_at as "updatedAt"`;

/** Instants leave the database in Postgres's form; callers get ISO 8601. */
const toCampaign = (row: Campaign): Campaign => ({
  ...row,
  createdAt: Temporal.Instant.from(row.createdAt).toString(),
  updatedAt: Temporal.Instant.from(row.updatedAt).toString(),
});

/** Says whether it was new; an id that exists is left as it is. */
export const insertCampaign = async (tx: Tx, campaign: Campaign): Promise<boolean> => {
  const rows = await tx`insert into campaign
      (id, name, status, purpose, messages, trigger, frequency, time_to_live, version, created_at, updated_at)
    values (${campaign.id}, ${campaign.name}, ${campaign.status}, ${campaign.purpose},
      ${JSON.stringify(campaign.messages)}::text::jsonb, ${JSON.stringify(campaign.trigger)}::text::jsonb,
      ${campaign.frequency}, ${campaign.timeToLive}, ${campaign.version}, ${campaign.createdAt}::timestamptz,
      ${campaign.updatedAt}::timestamptz)
    on conflict do nothing returning id`;
  return rows.length === 1;
};

/** Writes what may change of a campaign. */
export const updateCampaign = async (tx: Tx, campaign: Campaign): Promise<void> => {
  await tx`update campaign set name = ${campaign.name}, status = ${campaign.status}, purpose = ${campaign.purpose},
      messages = ${JSON.stringify(campaign.messages)}::text::jsonb, trigger = ${JSON.stringify(campaign.trigger)}::text::jsonb,
      frequency = ${campaign.frequency}, time_to_live = ${campaign.timeToLive}, version = ${campaign.version},
      updated_at = ${campaign.updatedAt}::timestamptz
    where id = ${campaign.id}`;
};

export const findCampaign = async (sql: Queryable, id: string): Promise<Campaign | undefined> => {
  const [row] = await sql<Campaign[]>`select ${sql.unsafe(COLUMNS)} from campaign where id = ${id}`;
  return row && toCampaign(row);
};

/** The campaign, held against other changes until the transaction ends. */
export const lockCampaign = async (tx: Tx, id: string): Promise<Campaign | undefined> => {
  const [row] = await tx<Campaign[]>`select ${tx.unsafe(COLUMNS)} from campaign where id = ${id} for update`;
  return row && toCampaign(row);
};

/** By id, from after `after`. */
export const listCampaigns = async (
  sql: Queryable,
  page: { status?: CampaignStatus; after?: string; limit: number },
): Promise<Campaign[]> => {
  const rows = await sql<Campaign[]>`select ${sql.unsafe(COLUMNS)} from campaign
    where id > ${page.after ?? ''} and (${page.status ?? null}::text is null or status = ${page.status ?? null})
    order by id limit ${page.limit}`;
  return rows.map(toCampaign);
};

/** Every campaign that events may set off. */
export const triggeredCampaigns = async (sql: Queryable): Promise<Campaign[]> => {
  const rows = await sql<Campaign[]>`select ${sql.unsafe(COLUMNS)} from campaign
    where status in ('active', 'paused') and trigger ->> 'kind' <> 'scheduled' order by id`;
  return rows.map(toCampaign);
};

/** How many changes of campaigns there were. */
export const readRevision = async (sql: Queryable): Promise<number> => {
  const [row] = await sql<{ value: number }[]>`select value from campaign_revision where id = 1`;
  return row?.value ?? 0;
};

/** Tells handlers that a campaign changed, from the commit on. */
export const countRevision = async (tx: Tx): Promise<void> => {
  await tx`insert into campaign_revision (id, value) values (1, 1)
    on conflict (id) do update set value = campaign_revision.value + 1`;
};
