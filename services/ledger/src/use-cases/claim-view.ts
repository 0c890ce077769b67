import type { Queryable } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import { displayOf } from '../domain/coupons/code.ts';
import { findDisplays } from '../store/coupons.ts';
import type { Claim } from '../store/reward-claims.ts';

export const claimNotFound = (): AppError =>
  new AppError('not_found', 'ledger.claim_not_found', 'there is no claim of this id');

/** The codes of claims as customers read them; null where a claim has none. */
export const shownCodes = async (
  db: Queryable,
  claims: readonly Pick<Claim, 'couponCode'>[],
): Promise<(string | null)[]> => {
  const codes = claims.flatMap(({ couponCode }) => couponCode ?? []);
  const displays = codes.length === 0 ? [] : await findDisplays(db, codes);
  const byCode = new Map(displays.map(({ code, shown, pattern }) => [code, displayOf(code, shown, pattern)]));
  return claims.map(({ couponCode }) => (couponCode === null ? null : (byCode.get(couponCode) ?? couponCode)));
};
