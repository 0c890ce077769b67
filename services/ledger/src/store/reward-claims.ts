import type { Queryable, Tx } from '@vafa/bus';
import { isoOf } from './instants.ts';

export type ClaimStatus = 'claimed' | 'cancelled';

export interface Claim {
  id: string;
  reference: string;
  rewardId: string;
  rewardRevision: number;
  customerId: string;
  points: number;
  reservationId: string;
  entryId: string;
  slot: number | null;
  couponCode: string | null;
  status: ClaimStatus;
  actor: string;
  /** ISO 8601. */
  claimedAt: string;
  cancelledAt: string | null;
  cancelReason: string | null;
  cancelEntryId: string | null;
}

export type NewClaim = Omit<Claim, 'status' | 'cancelledAt' | 'cancelReason' | 'cancelEntryId'>;

/** A claim as it is once it was made. */
export const asClaimed = (row: NewClaim): Claim => ({
  ...row,
  status: 'claimed',
  cancelledAt: null,
  cancelReason: null,
  cancelEntryId: null,
});

const COLUMNS = `id, reference, reward_id as "rewardId", reward_revision as "rewardRevision", customer_id as "customerId",
  points, reservation_id as "reservationId", entry_id as "entryId", slot, coupon_code as "couponCode", status, actor,
  claimed_at as "claimedAt", cancelled_at as "cancelledAt", cancel_reason as "cancelReason", cancel_entry_id as "cancelEntryId"`;

const toClaim = (row: Claim): Claim => ({
  ...row,
  claimedAt: isoOf(row.claimedAt),
  cancelledAt: row.cancelledAt === null ? null : isoOf(row.cancelledAt),
});

/** False when another claim has this reference. */
export const insertClaim = async (tx: Tx, row: NewClaim): Promise<boolean> => {
  const inserted = await tx`
    insert into reward_claim (id, reference, reward_id, reward_revision, customer_id, points, reservation_id, entry_id, slot,
      coupon_code, status, actor, claimed_at)
    values (${row.id}, ${row.reference}, ${row.rewardId}, ${row.rewardRevision}, ${row.customerId}, ${row.points},
      ${row.reservationId}, ${row.entryId}, ${row.slot}, ${row.couponCode}, 'claimed', ${row.actor},
      ${row.claimedAt}::timestamptz)
    on conflict (reference) do nothing returning id`;
  return inserted.length === 1;
};

export const findClaim = async (db: Queryable, id: string): Promise<Claim | undefined> => {
  const [row] = await db<Claim[]>`select ${db.unsafe(COLUMNS)} from reward_claim where id = ${id}`;
  return row && toClaim(row);
};

export const findClaimByReference = async (db: Queryable, reference: string): Promise<Claim | undefined> => {
  const [row] = await db<Claim[]>`select ${db.unsafe(COLUMNS)} from reward_claim where reference = ${reference}`;
  return row && toClaim(row);
};

/** Reads a claim under lock; its customer's account must be locked before. */
export const lockClaim = async (tx: Tx, id: string): Promise<Claim | undefined> => {
  const [row] = await tx<Claim[]>`select ${tx.unsafe(COLUMNS)} from reward_claim where id = ${id} for update`;
  return row && toClaim(row);
};

export const cancelClaimRow = async (
  tx: Tx,
  id: string,
  cancel: { at: string; by: string; reason: string | null; entryId: string },
): Promise<void> => {
  await tx`update reward_claim set status = 'cancelled', cancelled_at = ${cancel.at}::timestamptz, cancelled_by = ${cancel.by},
    cancel_reason = ${cancel.reason}, cancel_entry_id = ${cancel.entryId} where id = ${id}`;
};

/** Newest first: ids begin with the time. */
export const listClaims = async (
  db: Queryable,
  customerId: string,
  page: { beforeId?: string; limit: number },
): Promise<Claim[]> => {
  const rows = await db<Claim[]>`select ${db.unsafe(COLUMNS)} from reward_claim where customer_id = ${customerId}
      and (${page.beforeId ?? null}::uuid is null or id < ${page.beforeId ?? null}::uuid)
    order by id desc limit ${page.limit}`;
  return rows.map(toClaim);
};

/** Claims of a customer that stand, by reward; rewards without any are left out. */
export const countClaims = async (
  db: Queryable,
  customerId: string,
  rewardIds: readonly string[],
): Promise<Map<string, number>> => {
  const rows = await db<{ rewardId: string; claims: number }[]>`
    select reward_id as "rewardId", count(*) as claims from reward_claim
    where status = 'claimed' and customer_id = ${customerId} and reward_id = any(${[...rewardIds]}::uuid[])
    group by reward_id`;
  return new Map(rows.map(({ rewardId, claims }) => [rewardId, claims]));
};

/** Claims of a reward that stand. */
export const countTaken = async (db: Queryable, rewardId: string): Promise<number> => {
  const [row] = await db<{ taken: number }[]>`
    select count(*) as taken from reward_claim where status = 'claimed' and reward_id = ${rewardId}`;
  return row?.taken ?? 0;
};
