import { emit, type Tx } from '@vafa/bus';
import { AppError, newId } from '@vafa/kernel';
import { addLots } from '../domain/book.ts';
import { displayOf } from '../domain/coupons/code.ts';
import { capture, hold, type Reservation } from '../domain/reservation.ts';
import { claimRefused, whyNotClaim } from '../domain/rewards/reward.ts';
import { withTierBenefits } from '../domain/rewards/tier-rewards.ts';
import { type GivenCode, takeFreeCode } from '../store/coupons.ts';
import { findOpenLots } from '../store/lots.ts';
import { findOfferedPools } from '../store/offered-pools.ts';
import { closeReservations, insertReservations } from '../store/reservations.ts';
import {
  asClaimed,
  type Claim,
  countClaims,
  findClaimByReference,
  insertClaim,
  type NewClaim,
} from '../store/reward-claims.ts';
import { takePiece } from '../store/reward-stock.ts';
import { type KeptReward, shareReward } from '../store/rewards.ts';
import { saveBook } from '../store/save-book.ts';
import { type AccountView, viewOf } from './account-view.ts';
import type { Call } from './call.ts';
import { rewardNotFound } from './change-reward.ts';
import { shownCodes } from './claim-view.ts';
import { type CouponOffer, couponFactsOf, couponOfferOf } from './coupon-offer.ts';
import type { CurrentRules, Rules } from './current-programme.ts';
import { findCustomerFacts } from './customer-facts.ts';
import { keepAliveByRedemption } from './keep-alive.ts';
import { openAccount } from './open-account.ts';
import { eventsOf } from './points-events.ts';
import { requireSomebody } from './require-somebody.ts';

export interface ClaimCommand {
  customerId: string;
  rewardId: string;
  /** The caller's own name of this claim: the same again is the same claim, for ever. */
  reference?: string;
}

export interface Claimed {
  claim: Claim;
  /** As the customer reads it. */
  couponCode: string | null;
  balance: AccountView;
}

type Opened = Awaited<ReturnType<typeof openAccount>>;

/** Refuses unless the customer may have the reward. Returns the coupon that comes with it, if any. */
const requireClaimable = async (
  tx: Tx,
  reward: KeptReward,
  { account, book }: Opened,
  { now }: Call,
  { programme, tiers }: Rules,
): Promise<CouponOffer | undefined> => {
  const { couponPoolId, costPoints } = reward.definition;
  const [facts, claims, pools] = await Promise.all([
    findCustomerFacts(tx, account.customerId, tiers, book.nowMs),
    countClaims(tx, account.customerId, [reward.id]),
    findOfferedPools(tx, account.customerId, couponPoolId === null ? [] : [couponPoolId], book.nowMs),
  ]);
  const pool = couponPoolId === null ? undefined : pools.get(couponPoolId);
  const offer = pool && couponOfferOf(pool, facts, now, programme?.timeZone);
  const [refusal] = whyNotClaim(
    reward,
    {
      ...facts,
      activePoints: account.active,
      claims: claims.get(reward.id) ?? 0,
      stockLeft: reward.stockLeft,
      ...couponFactsOf(reward.definition, offer),
    },
    book.nowMs,
  );
  const points = { available: account.active, requested: costPoints };
  if (refusal) throw claimRefused(refusal, refusal === 'insufficient_points' ? points : {});
  return offer;
};

/**
 * Spends the points of a reward at once: a reservation that is captured as it is made, so that their lots are kept with it.
 * The entry names the reward.
 */
const spend = async (tx: Tx, { book, account }: Opened, { definition }: KeptReward, call: Call, rules: Rules) => {
  const { costPoints: points, name } = definition;
  addLots(book, await findOpenLots(tx, new Map([[account.customerId, points]]), book.nowMs));
  const now = call.now.toString();
  const held: Reservation = {
    id: newId(),
    customerId: account.customerId,
    points,
    captured: 0,
    orderId: null,
    status: 'held',
    expiresAtMs: book.nowMs + 1,
  };
  const captured = { ...held };
  const references = { occurredAt: now, actor: call.actor };
  const transfer = capture(book, account, captured, hold(book, account, held), points, {
    ...references,
    ...(call.traceparent ? { traceparent: call.traceparent } : {}),
  });
  transfer.reason = `reward: ${name.en ?? name.fa ?? ''}`;
  keepAliveByRedemption(book, account, rules);
  await Promise.all([
    insertReservations(tx, [{ ...held, actor: call.actor }], now),
    closeReservations(tx, [captured], now),
    saveBook(tx, book, now),
    emit(tx, eventsOf(book)),
  ]);
  return { reservationId: held.id, entryId: transfer.id };
};

/** Takes the piece and the code, last of all, so that others wait for them as shortly as can be. */
const takeGoods = async (
  tx: Tx,
  reward: KeptReward,
  offer: CouponOffer | undefined,
  given: Pick<GivenCode, 'customerId' | 'claimId'>,
) => {
  const limited = reward.definition.stock !== null;
  const slot = limited ? await takePiece(tx, reward.id) : null;
  if (limited && slot === null) throw claimRefused('out_of_stock');
  if (!offer) return { slot, couponCode: null, display: null };
  const { pool, expiresAtMs, usableFromMs } = offer;
  const coupon = await takeFreeCode(tx, pool.id, { ...given, expiresAtMs, usableFromMs });
  if (!coupon) throw claimRefused('no_coupon_left');
  return { slot, couponCode: coupon.code, display: displayOf(coupon.code, coupon.shown, pool.pattern) };
};

const referenceReused = (): AppError =>
  new AppError('conflict', 'ledger.reference_reused', 'another claim has this reference');

/** The claim of a reference that was used before, if it is the same claim. @throws AppError conflict `ledger.reference_reused` */
const replay = async (
  tx: Tx,
  { reference, rewardId }: ClaimCommand,
  { account }: Opened,
): Promise<Claimed | undefined> => {
  const known = reference === undefined ? undefined : await findClaimByReference(tx, reference);
  if (!known) return undefined;
  if (known.customerId !== account.customerId || known.rewardId !== rewardId) throw referenceReused();
  const [couponCode = null] = await shownCodes(tx, [known]);
  return { claim: known, couponCode, balance: viewOf(account) };
};

/**
 * Gives a customer a reward for points: spends them, takes a piece of the stock and a code, all or nothing. The account is
 * locked first, so a customer's claims are served one after the other; then the piece, then the code.
 * @throws AppError not_found `ledger.reward_not_found`; rejected `ledger.insufficient_points` (tells what is available),
 * `ledger.reward_not_active`, `…_not_started`, `…_ended`, `…_not_for_customer`, `…_customer_limit`, `…_out_of_stock`,
 * `…_coupon_not_usable`, `…_no_coupon_left`, `ledger.customer_erased`; conflict `ledger.reference_reused`
 */
export const claimReward = async (
  tx: Tx,
  command: ClaimCommand,
  call: Call,
  deps: { currentRules: CurrentRules },
): Promise<Claimed> => {
  const rules = await deps.currentRules(tx);
  const { programme } = rules;
  const opened = await openAccount(tx, 'api', call.now, command.customerId);
  const again = await replay(tx, command, opened);
  if (again) return again;
  requireSomebody(opened.account.customerId);
  const found = await shareReward(tx, command.rewardId);
  if (!found) throw rewardNotFound();
  const reward = withTierBenefits(found, programme?.tiers);
  const offer = await requireClaimable(tx, reward, opened, call, rules);
  const { customerId } = opened.account;
  const { costPoints } = reward.definition;
  const spent = await spend(tx, opened, reward, call, rules);
  const id = newId();
  const { display, ...goods } = await takeGoods(tx, reward, offer, { customerId, claimId: id });
  const claim: NewClaim = {
    id,
    reference: command.reference ?? id,
    rewardId: reward.id,
    rewardRevision: reward.revision,
    customerId,
    points: costPoints,
    ...spent,
    ...goods,
    actor: call.actor,
    claimedAt: call.now.toString(),
  };
  // Refused when another customer's claim of the same reference came in between.
  if (!(await insertClaim(tx, claim))) throw referenceReused();
  return { claim: asClaimed(claim), couponCode: display, balance: viewOf(opened.account) };
};
