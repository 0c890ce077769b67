import { keepPlans, type Tx } from '@vafa/bus';
import { AppError, assert, idFrom, present } from '@vafa/kernel';
import type { AcceptedCode, CodeResult } from '../domain/coupons/apply-coupons.ts';
import type { Cart } from '../domain/coupons/cart.ts';
import { normaliseCode } from '../domain/coupons/code.ts';
import { lockOrOpenAccounts, resolveCustomer } from '../store/accounts.ts';
import { claimOrder, claimOrderAgain, insertUses, lockRedemption, saveDiscounts } from '../store/coupon-redemptions.ts';
import { lockCoupons, moveUses } from '../store/coupons.ts';
import type { Call } from './call.ts';
import { confirmRedemption, giveBackOverdue } from './close-redemption.ts';
import type { CurrentRules } from './current-programme.ts';
import { decideCoupons } from './decide-coupons.ts';
import { type RedemptionView, viewRedemption } from './view-redemption.ts';

export interface RedeemCouponsCommand {
  orderId: string;
  customerId: string | null;
  cart: Cart;
  codes: readonly string[];
  /** Held for so long, to be redeemed or released; null = redeemed at once. */
  holdSeconds: number | null;
}

export interface RedeemCouponsDeps {
  currentRules: CurrentRules;
  /** Throws when whoever asks has sent too many wrong codes. */
  refuseGuessing: () => Promise<void>;
  countCodes: (results: readonly CodeResult[]) => void;
}

/** What was asked, whoever asked it: a customer may be called otherwise once it was merged. */
const contentOf = ({ cart, codes }: RedeemCouponsCommand): string => {
  const { currency, totalMinor, lines } = cart;
  const sorted = codes.map(normaliseCode).sort();
  const bought = lines.map((line) => [
    line.sku,
    line.quantity,
    line.amountMinor,
    line.category,
    line.brand,
    line.labels,
  ]);
  return idFrom('coupon_redemption', JSON.stringify([currency, totalMinor, bought]), ...sorted);
};

/** The customer whose account counts, locked: the uses of one customer are counted by one at a time. */
const lockCustomer = async (tx: Tx, customerId: string | null): Promise<string | null> => {
  if (customerId === null) return null;
  const owner = await resolveCustomer(tx, customerId);
  await lockOrOpenAccounts(tx, [owner]);
  return owner;
};

type NewRedemption = Parameters<typeof claimOrder>[1];

/** Takes the order for this redemption; a number = its attempt, nothing = the same was asked before and stands. */
const takeOrder = async (
  tx: Tx,
  row: NewRedemption,
  codes: readonly string[],
  call: Call,
): Promise<number | undefined> => {
  const now = call.now.toString();
  if (await claimOrder(tx, row, call.actor, now)) return 1;
  const known = present(await lockRedemption(tx, row.orderId), 'redemption of a claimed order');
  const overdue = await giveBackOverdue(tx, known, codes.map(normaliseCode), call);
  if (overdue || known.status === 'released' || known.status === 'timed_out') {
    const attempt = known.attempt + 1;
    await claimOrderAgain(tx, { ...row, attempt }, call.actor, now);
    return attempt;
  }
  if (known.contentHash === row.contentHash && known.customerId === row.customerId) return undefined;
  throw new AppError(
    'conflict',
    'ledger.order_redeemed_otherwise',
    'coupons were redeemed for this order with another cart or other codes: release them first',
    { redemptionStatus: known.status },
  );
};

/**
 * Uses coupons for an order, all of the codes or none: at once, or held until the order is paid. The order id is the natural
 * key: asked again it is told again; what is held already is used when it is asked for at once. Locks the account, then the order,
 * then the coupons in the order of their codes; nobody gets a use that is not there.
 * @throws AppError rejected `ledger.coupons_rejected` (`results` has the reason of each code), conflict
 * `ledger.order_redeemed_otherwise`; what `refuseGuessing` throws
 */
export const redeemCoupons = async (
  tx: Tx,
  command: RedeemCouponsCommand,
  call: Call,
  deps: RedeemCouponsDeps,
): Promise<RedemptionView> => {
  await Promise.all([keepPlans(tx), deps.refuseGuessing()]);
  const { orderId, cart, codes, holdSeconds } = command;
  const now = call.now.toString();
  const customerId = await lockCustomer(tx, command.customerId);
  const status = holdSeconds === null ? 'redeemed' : 'reserved';
  const row: NewRedemption = {
    orderId,
    contentHash: contentOf(command),
    customerId,
    status,
    currency: cart.currency,
    totalMinor: cart.totalMinor,
    expiresAtMs: holdSeconds === null ? null : call.now.add({ seconds: holdSeconds }).epochMilliseconds,
  };
  const attempt = await takeOrder(tx, row, codes, call);
  if (attempt === undefined)
    return status === 'redeemed' ? confirmRedemption(tx, orderId, call) : viewRedemption(tx, orderId);
  const pools = new Map<string, string>();
  const applied = await decideCoupons(tx, { customerId, cart, codes }, call.now, deps, async (wanted) => {
    const coupons = await lockCoupons(tx, wanted);
    for (const { code, poolId } of coupons) pools.set(code, poolId);
    return coupons;
  });
  const { results } = applied;
  deps.countCodes(results);
  if (results.some(({ accepted }) => !accepted))
    throw new AppError('rejected', 'ledger.coupons_rejected', 'not all of the codes can be used for this order', {
      results,
    });
  const accepted = results
    .filter((result): result is AcceptedCode => result.accepted)
    .sort((a, b) => a.applied - b.applied);
  assert(accepted.length === codes.length, 'every code was accepted');
  const uses = accepted.map(({ code, applied: place, discountMinor }) => ({
    code,
    poolId: present(pools.get(code), 'pool of a coupon'),
    applied: place,
    discountMinor,
  }));
  await Promise.all([
    insertUses(tx, { orderId, attempt, customerId }, uses, now),
    saveDiscounts(tx, orderId, applied.discountMinor, applied.lineDiscountsMinor),
    moveUses(
      tx,
      uses.map(({ code }) => code),
      status === 'redeemed' ? { reserved: 0, redeemed: 1 } : { reserved: 1, redeemed: 0 },
    ),
  ]);
  const { discountMinor, lineDiscountsMinor: lineDiscounts } = applied;
  return { redemption: { ...row, attempt, discountMinor, lineDiscounts, createdAt: now }, uses };
};
