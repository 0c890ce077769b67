import type { Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import {
  type CheckedRow,
  checkRows,
  type RefusedRow,
  saysOtherwise,
  type UploadedRow,
} from '../domain/coupons/uploaded-rows.ts';
import { changedMeanwhile, holdNames } from '../store/accounts.ts';
import { insertAudit } from '../store/audit.ts';
import { findPool } from '../store/coupon-pools.ts';
import { findKnownCodes, insertUploaded } from '../store/coupons.ts';
import type { Call } from './call.ts';
import { poolNotFound } from './change-pool.ts';
import { resolveCustomers } from './resolve-customers.ts';

export interface Uploaded {
  /** Codes that are new. */
  added: number;
  /** Codes that were in this pool before, with what the row says of them: sending a file again changes nothing. */
  known: number;
  refused: number;
  /** The first refused rows, by their number. */
  errors: RefusedRow[];
}

/** Rows of one request; longer lists are sent in parts. */
export const MAX_UPLOAD_ROWS = 50_000;
const MAX_ERRORS = 1_000;

type OwnerOf = (customerId: string) => string;

/**
 * Whose the codes of these rows are: a code for one who was merged into another is the other's, as if it had been there before. None of
 * them is merged meanwhile, or the code would be left to a name that nobody has any more.
 * @throws AppError unavailable when one was merged at this moment
 */
const findOwners = async (tx: Tx, rows: readonly CheckedRow[]): Promise<OwnerOf> => {
  const names = [...new Set(rows.flatMap(({ customerId }) => customerId ?? []))];
  if (names.length === 0) return (customerId) => customerId;
  const found = await resolveCustomers(tx, names);
  await holdNames(tx, [...new Set([...names, ...names.map(found)])]);
  const ownerOf = await resolveCustomers(tx, names);
  if (names.some((name) => ownerOf(name) !== found(name))) throw changedMeanwhile();
  return ownerOf;
};

/** Which rows of codes that are there already are refused, and why; the others are known as they are. */
const refuseKnown = async (
  tx: Tx,
  poolId: string,
  rows: readonly CheckedRow[],
  ownerOf: OwnerOf,
): Promise<RefusedRow[]> => {
  if (rows.length === 0) return [];
  const known = await findKnownCodes(
    tx,
    rows.map(({ code }) => code),
  );
  return rows.flatMap((each): RefusedRow[] => {
    const kept = known.get(each.code);
    if (kept?.poolId !== poolId) return [{ row: each.row, reason: 'taken' }];
    return saysOtherwise(each, kept, ownerOf) ? [{ row: each.row, reason: 'known_with_other_values' }] : [];
  });
};

/**
 * Adds codes that were made elsewhere. Rows that can't be kept are told and don't keep the others out.
 * @throws AppError not_found `ledger.coupon_pool_not_found`, conflict `ledger.coupon_pool_generated`, invalid
 * `ledger.too_many_rows`, unavailable when one whom a row names was merged at this moment
 */
export const uploadCodes = async (
  tx: Tx,
  poolId: string,
  rows: readonly UploadedRow[],
  call: Call,
): Promise<Uploaded> => {
  if (rows.length > MAX_UPLOAD_ROWS)
    throw new AppError('invalid', 'ledger.too_many_rows', `send ${MAX_UPLOAD_ROWS} rows at most, more in parts`);
  const pool = await findPool(tx, poolId);
  if (!pool) throw poolNotFound();
  if (pool.pattern !== null)
    throw new AppError(
      'conflict',
      'ledger.coupon_pool_generated',
      'codes of this pool are generated, it has a pattern',
    );
  const { kept, refused } = checkRows(rows);
  const ownerOf = await findOwners(tx, kept);
  const owned = kept.map((each) => ({ ...each, customerId: each.customerId && ownerOf(each.customerId) }));
  const added = await insertUploaded(tx, poolId, pool.usesPerCode, owned);
  const others = kept.filter(({ code }) => !added.has(code));
  const refusedOthers = await refuseKnown(tx, poolId, others, ownerOf);
  const errors = [...refused, ...refusedOthers].sort((a, b) => a.row - b.row);
  const known = others.length - refusedOthers.length;
  const at = call.now.toString();
  const after = { added: added.size, known, refused: errors.length };
  await insertAudit(tx, [
    { at, actor: call.actor, action: 'coupon_pool.codes_uploaded', subject: `coupon-pool/${poolId}`, after },
  ]);
  return { ...after, errors: errors.slice(0, MAX_ERRORS) };
};
