import { emit, type Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import { payOffByRipe } from '../domain/activate.ts';
import { addAccounts, addLots, createBook, post } from '../domain/book.ts';
import { intoLots } from '../domain/give-back.ts';
import { isNobody } from '../domain/plan.ts';
import { asSettled } from '../domain/settle-and-hold.ts';
import type { Transfer } from '../domain/transfer.ts';
import { lockAccounts } from '../store/accounts.ts';
import { findAllocations } from '../store/allocations.ts';
import { lockCoupon, voidCoupon } from '../store/coupons.ts';
import { findLots } from '../store/lots.ts';
import { saveGivenBack } from '../store/payments.ts';
import { type Claim, cancelClaimRow, findClaim, lockClaim } from '../store/reward-claims.ts';
import { putBackPiece } from '../store/reward-stock.ts';
import { shareReward } from '../store/rewards.ts';
import { saveBook } from '../store/save-book.ts';
import { type AccountView, viewOf } from './account-view.ts';
import type { Call } from './call.ts';
import { claimNotFound } from './claim-view.ts';
import { loadDueLots } from './open-account.ts';
import { eventsOf } from './points-events.ts';

export interface Cancelled {
  claim: Claim;
  balance: AccountView;
}

const claimClosed = (): AppError =>
  new AppError('conflict', 'ledger.claim_cancelled', 'the claim is cancelled already');

/** Voids the code that came with a claim. @throws AppError conflict `ledger.claim_coupon_used` */
const takeCodeBack = async (tx: Tx, code: string | null): Promise<void> => {
  if (code === null) return;
  const coupon = await lockCoupon(tx, code);
  if (!coupon) return;
  // Also of one that was voided since: what it was used for stands.
  if (coupon.redeemed > 0 || coupon.reserved > 0)
    throw new AppError('conflict', 'ledger.claim_coupon_used', 'the code of the claim is used, or held by an order', {
      used: coupon.redeemed,
      held: coupon.reserved,
    });
  if (!coupon.voided) await voidCoupon(tx, code);
};

/** Gives the points back into the lots they came from, which keep their expiry. */
const giveBack = async (tx: Tx, claim: Claim, call: Call, reason: string | undefined) => {
  const [account] = await lockAccounts(tx, [claim.customerId]);
  const locked = await lockClaim(tx, claim.id);
  if (!account || locked?.customerId !== account.customerId)
    throw new AppError(
      'unavailable',
      'ledger.customer_changed_meanwhile',
      'the customer was changed meanwhile, try again',
      {
        retryAfterSeconds: 1,
      },
    );
  if (locked.status === 'cancelled') throw claimClosed();
  const book = createBook('api', call.now);
  addAccounts(book, [account]);
  const allocations = await findAllocations(tx, [claim.reservationId]);
  addLots(
    book,
    await findLots(
      tx,
      allocations.map(({ lotId }) => lotId),
    ),
  );
  await loadDueLots(tx, book, [account]);
  payOffByRipe(book, account);
  intoLots(book, account, allocations, claim.points);
  const transfer: Transfer = post(book, account, {
    kind: 'redeem_reversal',
    points: claim.points,
    occurredAt: call.now.toString(),
    naturalKey: ['reward_claim', claim.id],
    reservationId: claim.reservationId,
    reversesId: claim.entryId,
    actor: call.actor,
    ...(reason === undefined ? {} : { reason }),
    ...(call.traceparent ? { traceparent: call.traceparent } : {}),
  });
  return { book, account, transfer };
};

/**
 * Takes a reward back: its points go into the lots they came from, its piece into the stock, its code is void. Points of
 * lots that expired meanwhile expire again, and are answered so at once.
 * @throws AppError not_found `ledger.claim_not_found`, conflict `ledger.claim_cancelled`, `ledger.claim_coupon_used`,
 * `ledger.customer_erased`, unavailable when the customer was merged at this moment or has more to expire than can be done here
 */
export const cancelClaim = async (
  tx: Tx,
  command: { claimId: string; reason?: string },
  call: Call,
): Promise<Cancelled> => {
  const found = await findClaim(tx, command.claimId);
  if (!found) throw claimNotFound();
  if (isNobody(found.customerId))
    throw new AppError('conflict', 'ledger.customer_erased', 'the customer of the claim was erased');
  const { book, account, transfer } = await giveBack(tx, found, call, command.reason);
  const { reservationId } = found;
  const now = call.now.toString();
  await Promise.all([saveBook(tx, book, now), saveGivenBack(tx, [{ reservationId, givenBack: found.points }])]);
  await emit(tx, eventsOf(book));
  await shareReward(tx, found.rewardId);
  await putBackPiece(tx, found.rewardId, found.slot);
  await takeCodeBack(tx, found.couponCode);
  const { reason = null } = command;
  await cancelClaimRow(tx, found.id, { at: now, by: call.actor, reason, entryId: transfer.id });
  const claim = await findClaim(tx, found.id);
  if (!claim) throw claimNotFound();
  return { claim, balance: viewOf(asSettled(book, account)) };
};
