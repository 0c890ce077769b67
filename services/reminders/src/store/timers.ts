import type { Queryable, Tx } from '@vafa/bus';
import type { Timer, TimerStatus } from '../domain/timer.ts';

interface Row {
  id: string;
  definitionId: string;
  customerId: string;
  occurrence: string;
  dueAt: string;
  localDue: string | null;
  notAfter: string | null;
  params: string;
  asking: string | null;
  cancelOn: Timer['cancelOn'] | null;
}

/** A timer and what became of it. */
export interface StoredTimer extends Timer {
  status: TimerStatus;
  reason: string | null;
  createdAt: string;
  settledAt: string | null;
}

const CORE = `id, definition_id as "definitionId", customer_id as "customerId", occurrence, due_at as "dueAt",
  local_due as "localDue", not_after as "notAfter", params, asking, cancel_on as "cancelOn"`;
const ALL = `${CORE}, status, reason, created_at as "createdAt", settled_at as "settledAt"`;

const toTimer = (row: Row): Timer => ({
  id: row.id,
  definitionId: row.definitionId,
  customerId: row.customerId,
  occurrence: row.occurrence,
  dueAt: Temporal.Instant.from(row.dueAt),
  localDue: row.localDue ?? undefined,
  notAfter: row.notAfter === null ? undefined : Temporal.Instant.from(row.notAfter),
  params: JSON.parse(row.params) as Timer['params'],
  asking: row.asking === null ? undefined : (JSON.parse(row.asking) as Timer['asking']),
  cancelOn: row.cancelOn ?? undefined,
});

const iso = (text: string | null): string | null => (text === null ? null : Temporal.Instant.from(text).toString());

const toStored = (row: Row & Pick<StoredTimer, 'status' | 'reason' | 'createdAt' | 'settledAt'>): StoredTimer => ({
  ...toTimer(row),
  status: row.status,
  reason: row.reason,
  createdAt: iso(row.createdAt) as string,
  settledAt: iso(row.settledAt),
});

/**
 * Sets timers of definitions and returns those that are new; an occurrence that has one is left as it is. Instants go in as
 * text and are cast here, so that no setting of the driver for lists of them matters.
 */
export const insertTimers = (
  tx: Tx,
  timers: readonly Timer[],
  now: Temporal.Instant,
): Promise<{ definitionId: string }[]> =>
  tx<{ definitionId: string }[]>`
    insert into timer (id, definition_id, customer_id, occurrence, due_at, local_due, not_after, status, params, created_at)
    select id, definition_id, customer_id, occurrence, due_at::timestamptz, local_due, not_after::timestamptz, 'scheduled',
      params, ${now.toString()}::timestamptz
    from unnest(
      ${timers.map(({ id }) => id)}::text[], ${timers.map(({ definitionId }) => definitionId)}::text[],
      ${timers.map(({ customerId }) => customerId)}::text[], ${timers.map(({ occurrence }) => occurrence)}::text[],
      ${timers.map(({ dueAt }) => dueAt.toString())}::text[], ${timers.map(({ localDue }) => localDue ?? null)}::text[],
      ${timers.map(({ notAfter }) => notAfter?.toString() ?? null)}::text[],
      ${timers.map(({ params }) => JSON.stringify(params))}::text[])
      as new_timer (id, definition_id, customer_id, occurrence, due_at, local_due, not_after, params)
    order by customer_id, definition_id, occurrence
    on conflict do nothing
    returning definition_id as "definitionId"`;

/** Sets one single reminder. */
export const insertSingle = async (tx: Tx, timer: Timer, now: Temporal.Instant): Promise<void> => {
  await tx`insert into timer (id, definition_id, customer_id, occurrence, due_at, status, params, asking, cancel_on, created_at)
    values (${timer.id}, ${timer.definitionId}, ${timer.customerId}, ${timer.occurrence},
      ${timer.dueAt.toString()}::timestamptz, 'scheduled', ${JSON.stringify(timer.params)}, ${JSON.stringify(timer.asking)},
      ${timer.cancelOn ?? null}::text[], ${now.toString()}::timestamptz)`;
};

/**
 * Due timers of the definitions, oldest first within each, not held by anyone else. `each` limits one definition's share:
 * the backlog of one must not keep the others waiting.
 */
export const claimDueTimers = async (
  tx: Tx,
  definitionIds: readonly string[],
  now: Temporal.Instant,
  limits: { each: number; all: number },
): Promise<Timer[]> => {
  const rows = await tx<Row[]>`select ${tx.unsafe(CORE)}
    from unnest(${[...definitionIds]}::text[]) with ordinality as live (live_id, place) cross join lateral (
      select * from timer where timer.definition_id = live_id and status = 'scheduled'
        and due_at <= ${now.toString()}::timestamptz
      order by due_at limit ${limits.each} for update skip locked) due
    order by place, due_at limit ${limits.all}`;
  return rows.map(toTimer);
};

/** Ends timers that this transaction holds. */
export const settleTimers = async (
  tx: Tx,
  ends: readonly { id: string; status: Exclude<TimerStatus, 'scheduled'>; reason: string | null }[],
  now: Temporal.Instant,
): Promise<void> => {
  if (ends.length === 0) return;
  await tx`update timer set status = ended.status, reason = ended.reason, settled_at = ${now.toString()}::timestamptz
    from unnest(${ends.map(({ id }) => id)}::text[], ${ends.map(({ status }) => status)}::text[],
      ${ends.map(({ reason }) => reason)}::text[]) as ended (id, status, reason)
    where timer.id = ended.id`;
};

export const findTimer = async (sql: Queryable, id: string): Promise<StoredTimer | undefined> => {
  const [row] = await sql<Parameters<typeof toStored>[0][]>`select ${sql.unsafe(ALL)} from timer where id = ${id}`;
  return row && toStored(row);
};

/** The timer, held against the sweep until the transaction ends. */
export const lockTimer = async (tx: Tx, id: string): Promise<StoredTimer | undefined> => {
  const [row] = await tx<
    Parameters<typeof toStored>[0][]
  >`select ${tx.unsafe(ALL)} from timer where id = ${id} for update`;
  return row && toStored(row);
};

/** A customer's timers, latest due first. */
export const listTimers = async (
  sql: Queryable,
  customerId: string,
  filter: { status?: TimerStatus; limit: number },
): Promise<StoredTimer[]> => {
  const rows = await sql<Parameters<typeof toStored>[0][]>`select ${sql.unsafe(ALL)} from timer
    where customer_id = ${customerId} and (${filter.status ?? null}::text is null or status = ${filter.status ?? null})
    order by due_at desc, id limit ${filter.limit}`;
  return rows.map(toStored);
};
