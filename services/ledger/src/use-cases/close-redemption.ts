import type { Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import {
  type CouponRedemption,
  claimOverdueRedemption,
  findUses,
  lockRedemption,
  saveStatus,
} from '../store/coupon-redemptions.ts';
import { lockCoupons, moveUses } from '../store/coupons.ts';
import type { Call } from './call.ts';
import { type RedemptionView, redemptionNotFound, statusAt, viewRedemption } from './view-redemption.ts';

const closed = (status: string): AppError =>
  new AppError('conflict', 'ledger.redemption_closed', `the redemption is ${status.replace('_', ' ')}`, {
    redemptionStatus: status,
  });

const open = async (tx: Tx, orderId: string): Promise<CouponRedemption> => {
  const found = await lockRedemption(tx, orderId);
  if (!found) throw redemptionNotFound();
  return found;
};

/** Writes the end of a redemption and what it means for the coupons, which are locked in the order of codes. */
const move = async (
  tx: Tx,
  redemption: CouponRedemption,
  status: 'redeemed' | 'released' | 'timed_out',
  nowIso: string,
  wantedNext: readonly string[] = [],
): Promise<void> => {
  const uses = await findUses(tx, redemption.orderId, redemption.attempt);
  const codes = uses.map(({ code }) => code);
  await lockCoupons(tx, [...new Set([...codes, ...wantedNext])]);
  const held = redemption.status === 'reserved';
  const change = { reserved: held ? -1 : 0, redeemed: (status === 'redeemed' ? 1 : 0) - (held ? 0 : 1) };
  await Promise.all([moveUses(tx, codes, change), saveStatus(tx, redemption, status, nowIso)]);
};

const isOverdue = (redemption: CouponRedemption, { now }: Call): boolean =>
  redemption.status === 'reserved' && statusAt(redemption, now.epochMilliseconds) === 'timed_out';

/**
 * Gives back what a redemption, which is locked, held for too long, whether or not the sweep has been by. The codes that are wanted
 * next are locked with those, so that all are in their order. Returns whether it did.
 */
export const giveBackOverdue = async (
  tx: Tx,
  locked: CouponRedemption,
  wantedNext: readonly string[],
  call: Call,
): Promise<boolean> => {
  if (!isOverdue(locked, call)) return false;
  await move(tx, locked, 'timed_out', call.now.toString(), wantedNext);
  return true;
};

/**
 * Uses the coupons that were held for an order. Redeemed already: told again.
 * @throws AppError not_found `ledger.redemption_not_found`, conflict `ledger.redemption_closed` once given back or timed out
 */
export const confirmRedemption = async (tx: Tx, orderId: string, call: Call): Promise<RedemptionView> => {
  const found = await open(tx, orderId);
  if (isOverdue(found, call)) throw closed('timed_out');
  if (found.status === 'reserved') await move(tx, found, 'redeemed', call.now.toString());
  else if (found.status !== 'redeemed') throw closed(found.status);
  return viewRedemption(tx, orderId);
};

/**
 * Gives the coupons of an order back, held or used: the order was not placed, or was called off.
 * @throws AppError not_found `ledger.redemption_not_found`, conflict `ledger.redemption_closed` when they are given back already,
 * or are to be as their time is up
 */
export const releaseRedemption = async (tx: Tx, orderId: string, call: Call): Promise<RedemptionView> => {
  const found = await open(tx, orderId);
  const status = statusAt(found, call.now.epochMilliseconds);
  if (status === 'released' || status === 'timed_out') throw closed(status);
  await move(tx, found, 'released', call.now.toString());
  return viewRedemption(tx, orderId);
};

/** Gives back the coupons of one order that held them for too long. Returns how many orders: 0 or 1. */
export const releaseOverdueRedemption = async (tx: Tx, now: Temporal.Instant): Promise<number> => {
  const found = await claimOverdueRedemption(tx, now.toString());
  if (!found) return 0;
  await move(tx, found, 'timed_out', now.toString());
  return 1;
};
