import type { Queryable, Tx } from '@vafa/bus';
import type { Fragment } from 'postgres';
import { isoOf } from './instants.ts';
import type { REQUEST_STATUSES } from './schema.ts';

export type RequestStatus = (typeof REQUEST_STATUSES)[number];

export interface AdjustmentRequest {
  id: string;
  customerId: string;
  /** Positive gives, negative takes. */
  points: number;
  /** Null once the customer was erased. */
  reason: string | null;
  maker: string;
  status: RequestStatus;
  createdAt: string;
  expiresAt: string;
  decidedAt: string | null;
  decidedBy: string | null;
  decisionReason: string | null;
  entryId: string | null;
}

const COLUMNS = `id, customer_id as "customerId", points, reason, maker, status, created_at as "createdAt",
  expires_at as "expiresAt", decided_at as "decidedAt", decided_by as "decidedBy", decision_reason as "decisionReason",
  entry_id as "entryId"`;

const toRequest = (row: AdjustmentRequest): AdjustmentRequest => ({
  ...row,
  createdAt: isoOf(row.createdAt),
  expiresAt: isoOf(row.expiresAt),
  decidedAt: row.decidedAt === null ? null : isoOf(row.decidedAt),
});

export const insertRequest = async (
  tx: Tx,
  row: Pick<AdjustmentRequest, 'id' | 'customerId' | 'points' | 'reason' | 'maker' | 'createdAt' | 'expiresAt'>,
): Promise<void> => {
  await tx`insert into adjustment_request (id, customer_id, points, reason, maker, created_at, expires_at)
    values (${row.id}, ${row.customerId}, ${row.points}, ${row.reason}, ${row.maker}, ${row.createdAt}::timestamptz,
      ${row.expiresAt}::timestamptz)`;
};

export const findRequest = async (db: Queryable, id: string): Promise<AdjustmentRequest | undefined> => {
  const [row] = await db<AdjustmentRequest[]>`select ${db.unsafe(COLUMNS)} from adjustment_request where id = ${id}`;
  return row && toRequest(row);
};

/** The account of its customer is locked before, where points are to be moved: accounts come first, as everywhere. */
export const lockRequest = async (tx: Tx, id: string): Promise<AdjustmentRequest | undefined> => {
  const [row] = await tx<
    AdjustmentRequest[]
  >`select ${tx.unsafe(COLUMNS)} from adjustment_request where id = ${id} for update`;
  return row && toRequest(row);
};

/** What the requests of a status have in common at a moment; of a few stretches of the index, each is read in order. */
const stretchesOf = (db: Queryable, status: RequestStatus | null, nowIso: string): Fragment[] => {
  const past = db`expires_at <= ${nowIso}::timestamptz`;
  if (status === null) return [db`true`];
  if (status === 'pending') return [db`status = 'pending' and not ${past}`];
  // No sweep has been by yet.
  if (status === 'expired') return [db`status = 'expired'`, db`status = 'pending' and ${past}`];
  return [db`status = ${status}`];
};

/** Oldest first: who waits longest is seen first. Ids begin with the time. Of a status, those that have it at this moment. */
export const findRequests = async (
  db: Queryable,
  page: { status: RequestStatus | null; afterId: string | null; limit: number },
  nowIso: string,
): Promise<AdjustmentRequest[]> => {
  const { status, afterId, limit } = page;
  const stretches = stretchesOf(db, status, nowIso).map(
    (where): Fragment => db`(select ${db.unsafe(COLUMNS)} from adjustment_request
      where ${where} and (${afterId}::uuid is null or id > ${afterId}::uuid) order by id limit ${limit})`,
  );
  const rows = await db<AdjustmentRequest[]>`
    select * from (${stretches.reduce((some, more) => db`${some} union all ${more}`)}) as found order by id limit ${limit}`;
  return rows.map(toRequest);
};

/** Writes what was decided; the caller has the row locked and found it pending. */
export const closeRequest = async (
  tx: Tx,
  id: string,
  end: { status: RequestStatus; at: string; by: string; reason: string | null; entryId: string | null },
): Promise<void> => {
  await tx`update adjustment_request set status = ${end.status}, decided_at = ${end.at}::timestamptz, decided_by = ${end.by},
      decision_reason = ${end.reason}, entry_id = ${end.entryId}::uuid
    where id = ${id} and status = 'pending'`;
};

/** Ends pending requests whose time is up, the longest overdue first, as of when it was. Returns their ids. */
export const expireRequests = async (tx: Tx, nowIso: string, by: string, limit: number): Promise<string[]> => {
  const rows = await tx<{ id: string }[]>`
    update adjustment_request set status = 'expired', decided_at = expires_at, decided_by = ${by}
    where id in (
      select id from adjustment_request where status = 'pending' and expires_at <= ${nowIso}::timestamptz
      order by expires_at limit ${limit} for update skip locked
    ) and status = 'pending'
    returning id`;
  return rows.map(({ id }) => id);
};

/**
 * Of an erased customer: nothing is decided any more, and what was written by hand is dropped. Returns the pending ones; those whose
 * time is up stay for the sweep.
 */
export const forgetRequests = async (
  tx: Tx,
  customerId: string,
  pseudonym: string,
  nowIso: string,
): Promise<string[]> => {
  const voided = await tx<{ id: string }[]>`
    update adjustment_request set status = 'void', decided_at = ${nowIso}::timestamptz
    where customer_id = ${customerId} and status = 'pending' and expires_at > ${nowIso}::timestamptz returning id`;
  await tx`update adjustment_request set customer_id = ${pseudonym}, reason = null, decision_reason = null
    where customer_id = ${customerId}`;
  return voided.map(({ id }) => id);
};
