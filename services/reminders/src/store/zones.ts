import type { Tx } from '@vafa/bus';

/** Keeps the time zones that customers told last; null forgets one. */
export const recordZones = async (
  tx: Tx,
  zones: readonly { customerId: string; timeZone: string | null; at: string }[],
): Promise<void> => {
  const known = zones.filter(({ timeZone }) => timeZone !== null);
  const unknown = zones.filter(({ timeZone }) => timeZone === null);
  if (known.length > 0)
    await tx`insert into customer_zone (customer_id, time_zone, updated_at)
      select customer_id, time_zone, updated_at::timestamptz from unnest(${known.map(({ customerId }) => customerId)}::text[],
        ${known.map(({ timeZone }) => timeZone)}::text[], ${known.map(({ at }) => at)}::text[])
        as told (customer_id, time_zone, updated_at)
      order by customer_id
      on conflict (customer_id) do update set time_zone = excluded.time_zone, updated_at = excluded.updated_at
        where customer_zone.updated_at <= excluded.updated_at`;
  if (unknown.length > 0)
    await tx`delete from customer_zone using unnest(${unknown.map(({ customerId }) => customerId)}::text[],
        ${unknown.map(({ at }) => at)}::text[]) as told (customer_id, at)
      where customer_zone.customer_id = told.customer_id and customer_zone.updated_at <= told.at::timestamptz`;
};

/** Time zones of the customers who have one. */
export const findZones = async (tx: Tx, customerIds: readonly string[]): Promise<Map<string, string>> => {
  const rows = await tx<{ customerId: string; timeZone: string }[]>`
    select customer_id as "customerId", time_zone as "timeZone" from customer_zone
    where customer_id = any(${[...customerIds]}::text[])`;
  return new Map(rows.map(({ customerId, timeZone }) => [customerId, timeZone]));
};

export const deleteZone = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from customer_zone where customer_id = ${customerId}`;
};

/** A timer that stands for a wall-clock time. */
export interface LocalTimer {
  id: string;
  customerId: string;
  localDue: string;
  dueAt: string;
  notAfter: string | null;
}

/** Timers still to come that stand for a wall-clock time of these customers, held until the transaction ends. */
export const lockLocalTimers = (tx: Tx, customerIds: readonly string[]): Promise<LocalTimer[]> =>
  tx<LocalTimer[]>`
    select id, customer_id as "customerId", local_due as "localDue", due_at as "dueAt", not_after as "notAfter" from timer
    where customer_id = any(${[...customerIds]}::text[]) and status = 'scheduled' and local_due is not null
    order by customer_id, id for update`;

export const moveDue = async (tx: Tx, moves: readonly { id: string; dueAt: Temporal.Instant }[]): Promise<void> => {
  if (moves.length === 0) return;
  await tx`update timer set due_at = moved.due_at::timestamptz
    from unnest(${moves.map(({ id }) => id)}::text[], ${moves.map(({ dueAt }) => dueAt.toString())}::text[]) as moved (id, due_at)
    where timer.id = moved.id`;
};
