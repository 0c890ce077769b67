import type { Tx } from '@vafa/bus';
import { AppError, newId } from '@vafa/kernel';
import { currencyOf } from '../domain/coupons/apply-coupons.ts';
import { readPattern, requireCapacity } from '../domain/coupons/code.ts';
import type { CouponTerms, PoolStatus } from '../domain/coupons/terms.ts';
import { windowProblems } from '../domain/window-problems.ts';
import { insertAudit } from '../store/audit.ts';
import {
  type CouponPool,
  findPool,
  insertPool,
  type KeptPool,
  lockPool,
  lockWanted,
  savePool,
  wantCodes,
} from '../store/coupon-pools.ts';
import type { Call } from './call.ts';

/** What may be said of a pool at any time. */
export interface PoolSettings {
  name: string;
  terms: CouponTerms;
  validDays: number | null;
}

/** What is said once. */
export interface PoolCommand extends PoolSettings {
  pattern: string | null;
  usesPerCode: number;
}

/** Most codes of a pool. */
export const MAX_CODES = 10_000_000;

export const poolNotFound = (): AppError =>
  new AppError('not_found', 'ledger.coupon_pool_not_found', 'there is no coupon pool of this id');

const subjectOf = (id: string): string => `coupon-pool/${id}`;

const told = ({ status, name, terms, validDays }: CouponPool) => ({ status, name, terms, validDays });

/** What the schema can't say. @throws AppError invalid `ledger.invalid_coupon_pool` */
const checkTerms = ({ discount, minimum, ...window }: CouponTerms): void => {
  const problems = windowProblems(window, '/terms');
  if (discount.kind === 'percent' && discount.numerator > discount.denominator)
    problems.push({ path: '/terms/discount/numerator', message: 'must not exceed the denominator' });
  if (minimum && minimum.currency !== (currencyOf(discount) ?? minimum.currency))
    problems.push({ path: '/terms/minimum/currency', message: "must be the discount's, as a cart has one currency" });
  if (problems.length > 0)
    throw new AppError('invalid', 'ledger.invalid_coupon_pool', 'the pool is not as it should be', { problems });
};

const written = async (tx: Tx, id: string): Promise<KeptPool> => {
  const found = await findPool(tx, id);
  if (!found) throw poolNotFound();
  return found;
};

/**
 * Adds a pool without codes; its coupons may be used at once.
 * @throws AppError invalid `ledger.invalid_coupon_pool`, `ledger.invalid_code_pattern`
 */
export const createPool = async (tx: Tx, command: PoolCommand, call: Call): Promise<KeptPool> => {
  checkTerms(command.terms);
  const shape = command.pattern === null ? null : readPattern(command.pattern);
  const pool: CouponPool = { id: newId(), revision: 1, status: 'active', ...command };
  const at = call.now.toString();
  await insertPool(tx, pool, shape, at);
  const after = { ...told(pool), pattern: pool.pattern, usesPerCode: pool.usesPerCode };
  await insertAudit(tx, [{ at, actor: call.actor, action: 'coupon_pool.created', subject: subjectOf(pool.id), after }]);
  return written(tx, pool.id);
};

const change = async (tx: Tx, found: KeptPool, to: Partial<CouponPool>, action: string, call: Call) => {
  const at = call.now.toString();
  const changed = { ...found, ...to, revision: found.revision + 1 };
  await savePool(tx, changed, at);
  await insertAudit(tx, [
    { at, actor: call.actor, action, subject: subjectOf(found.id), before: told(found), after: told(changed) },
  ]);
  return written(tx, found.id);
};

/**
 * Changes what the coupons of a pool give, of codes that are out there too.
 * @throws AppError not_found `ledger.coupon_pool_not_found`, invalid `ledger.invalid_coupon_pool`
 */
export const editPool = async (tx: Tx, id: string, settings: PoolSettings, call: Call): Promise<KeptPool> => {
  checkTerms(settings.terms);
  const found = await lockPool(tx, id);
  if (!found) throw poolNotFound();
  return change(tx, found, settings, 'coupon_pool.edited', call);
};

/**
 * Lets the coupons of a pool be used, or not for now.
 * @throws AppError not_found `ledger.coupon_pool_not_found`
 */
export const setPoolStatus = async (tx: Tx, id: string, status: PoolStatus, call: Call): Promise<KeptPool> => {
  const found = await lockPool(tx, id);
  if (!found) throw poolNotFound();
  if (found.status === status) return found;
  return change(tx, found, { status }, status === 'active' ? 'coupon_pool.resumed' : 'coupon_pool.paused', call);
};

/**
 * Orders more generated codes; a job makes them.
 * @throws AppError not_found `ledger.coupon_pool_not_found`, conflict `ledger.coupon_pool_uploaded`, rejected
 * `ledger.codes_guessable`, `ledger.too_many_codes`
 */
export const orderCodes = async (tx: Tx, id: string, more: number, call: Call): Promise<KeptPool> => {
  const found = await lockPool(tx, id);
  if (!found) throw poolNotFound();
  if (found.pattern === null)
    throw new AppError('conflict', 'ledger.coupon_pool_uploaded', 'codes of this pool are uploaded, it has no pattern');
  const wanted = found.wanted + more;
  if (wanted > MAX_CODES)
    throw new AppError('rejected', 'ledger.too_many_codes', `a pool has ${MAX_CODES} codes at most`, {
      capacity: MAX_CODES,
      requested: wanted,
    });
  requireCapacity(readPattern(found.pattern), (await lockWanted(tx, found.pattern)) + more);
  await wantCodes(tx, id, more);
  const at = call.now.toString();
  const change = { before: { wanted: found.wanted }, after: { wanted } };
  await insertAudit(tx, [
    { at, actor: call.actor, action: 'coupon_pool.codes_ordered', subject: subjectOf(id), ...change },
  ]);
  return written(tx, id);
};
