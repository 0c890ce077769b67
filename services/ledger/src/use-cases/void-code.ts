import type { Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import { displayOf, normaliseCode } from '../domain/coupons/code.ts';
import { insertAudit } from '../store/audit.ts';
import { findDisplays, type KeptCoupon, lockCoupon, voidCoupon } from '../store/coupons.ts';
import type { Call } from './call.ts';

export const couponNotFound = (): AppError =>
  new AppError('not_found', 'ledger.coupon_not_found', 'there is no such code');

/**
 * Lets a code never be used again; uses made or held stand. Once more changes nothing.
 * @throws AppError not_found `ledger.coupon_not_found`
 */
export const voidCode = async (tx: Tx, typed: string, call: Call): Promise<{ coupon: KeptCoupon; display: string }> => {
  const code = normaliseCode(typed);
  const coupon = await lockCoupon(tx, code);
  const [display] = await findDisplays(tx, [code]);
  if (!coupon || !display) throw couponNotFound();
  const shown = displayOf(code, display.shown, display.pattern);
  if (coupon.voided) return { coupon, display: shown };
  await voidCoupon(tx, code);
  const subject = `coupon-pool/${coupon.poolId}`;
  await insertAudit(tx, [
    { at: call.now.toString(), actor: call.actor, action: 'coupon.voided', subject, after: { code } },
  ]);
  return { coupon: { ...coupon, voided: true }, display: shown };
};
