import type { Queryable, Tx } from '@vafa/bus';

/** One change of a campaign: who, what, before, after. */
export interface AuditRow {
  id: number;
  at: string;
  actor: string;
  action: string;
  before: unknown;
  after: unknown;
}

export const insertAudit = async (
  tx: Tx,
  row: { campaignId: string; at: Temporal.Instant; actor: string; action: string; before: unknown; after: unknown },
): Promise<void> => {
  const before = row.before === undefined ? null : JSON.stringify(row.before);
  await tx`insert into audit (campaign_id, at, actor, action, before, after)
    values (${row.campaignId}, ${row.at.toString()}::timestamptz, ${row.actor}, ${row.action}, ${before}::text::jsonb,
      ${JSON.stringify(row.after)}::text::jsonb)`;
};

/** Newest first. */
export const listAudit = async (sql: Queryable, campaignId: string, limit: number): Promise<AuditRow[]> => {
  const rows = await sql<AuditRow[]>`select id, at, actor, action, before, after from audit
    where campaign_id = ${campaignId} order by id desc limit ${limit}`;
  return rows.map((row) => ({ ...row, at: Temporal.Instant.from(row.at).toString() }));
};
