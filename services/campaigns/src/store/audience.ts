import type { Queryable, Tx } from '@vafa/bus';

export interface AudienceMember {
  customerId: string;
  lifecycle: string;
}

/** Keeps the latest state of each customer by the time of the change, however late or twice it is told. */
export const upsertAudience = async (
  tx: Tx,
  members: readonly (AudienceMember & { changedAt: string })[],
): Promise<void> => {
  if (members.length === 0) return;
  await tx`insert into audience (customer_id, lifecycle, changed_at)
    select customer_id, lifecycle, changed_at::timestamptz from unnest(${members.map(({ customerId }) => customerId)}::text[],
      ${members.map(({ lifecycle }) => lifecycle)}::text[], ${members.map(({ changedAt }) => changedAt)}::text[])
      as told (customer_id, lifecycle, changed_at)
    order by customer_id
    on conflict (customer_id) do update set lifecycle = excluded.lifecycle, changed_at = excluded.changed_at
      where audience.changed_at <= excluded.changed_at`;
};

/**
 * The next customers in any of the states, by id. By id and not by state: someone who moves from one state of the
 * audience to another meanwhile is neither missed nor met twice.
 */
export const audiencePortion = (
  tx: Tx,
  states: readonly string[],
  afterCustomerId: string,
  limit: number,
): Promise<AudienceMember[]> =>
  tx<AudienceMember[]>`select customer_id as "customerId", lifecycle from audience
    where customer_id > ${afterCustomerId} and lifecycle = any(${[...states]}::text[]) order by customer_id limit ${limit}`;

export const countAudience = async (tx: Tx, states: readonly string[], afterCustomerId: string): Promise<number> => {
  const [row] = await tx<{ count: number }[]>`select count(*) as count from audience
    where customer_id > ${afterCustomerId} and lifecycle = any(${[...states]}::text[])`;
  return row?.count ?? 0;
};

export const findAudienceMember = async (
  sql: Queryable,
  customerId: string,
): Promise<(AudienceMember & { changedAt: string }) | undefined> => {
  const [row] = await sql<(AudienceMember & { changedAt: string })[]>`
    select customer_id as "customerId", lifecycle, changed_at as "changedAt" from audience where customer_id = ${customerId}`;
  return row && { ...row, changedAt: Temporal.Instant.from(row.changedAt).toString() };
};

export const deleteAudience = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from audience where customer_id = ${customerId}`;
};
