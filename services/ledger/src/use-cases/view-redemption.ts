import type { Queryable } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import {
  type CouponRedemption,
  type CouponUse,
  findRedemption,
  findUses,
  type RedemptionStatus,
} from '../store/coupon-redemptions.ts';

/** A redemption as it is told. */
export interface RedemptionView {
  redemption: CouponRedemption;
  uses: CouponUse[];
}

export const redemptionNotFound = (): AppError =>
  new AppError('not_found', 'ledger.redemption_not_found', 'no coupons were redeemed for an order of this id');

/** The status of a redemption at an instant, whether or not the sweep has been by. */
export const statusAt = (
  { status, expiresAtMs }: Pick<CouponRedemption, 'status' | 'expiresAtMs'>,
  nowMs: number,
): RedemptionStatus => (status === 'reserved' && expiresAtMs !== null && expiresAtMs <= nowMs ? 'timed_out' : status);

/** The redemption of an order. @throws AppError not_found `ledger.redemption_not_found` */
export const viewRedemption = async (db: Queryable, orderId: string): Promise<RedemptionView> => {
  const redemption = await findRedemption(db, orderId);
  if (!redemption) throw redemptionNotFound();
  return { redemption, uses: await findUses(db, orderId, redemption.attempt) };
};
