import type { Random } from '../random.ts';
import { type Shop, TEA } from '../shop.ts';
import type { Answer, Caller } from './ask.ts';
import { createCouponDeeds } from './coupon-deeds.ts';
import { type Acknowledged, MINOR_PER_POINT, type Purchase, purchaseBody, type Refund, refundBody } from './deeds.ts';
import type { LineTools } from './line-tools.ts';
import { createRewardDeeds } from './reward-deeds.ts';
import { createSpendingDeeds } from './spending-deeds.ts';

/** One customer's deeds, one after the other: the next begins when the last was answered, so their order is known. */
export interface CustomerLine {
  customerId: string;
  /** Does the next deed, chosen by chance, once those before it are done. */
  turn(): void;
  /** Deeds that wait or are under way. */
  waiting(): number;
  idle(): Promise<void>;
}

const MAX_POINTS = 60;
const TEA_SHARE = 0.4;
/** Refunds before their purchases that don't name them. */
const UNNAMED_SHARE = 0.5;
/** Points for tea become spendable so long after the order is sent: most of them while faults are made. */
const PENDING_MS = { least: 1_000, most: 4_000 };
const HOUR_MS = 3_600_000;

interface OpenOrder {
  purchase: Purchase;
  leftMinor: number;
}

export const createCustomerLine = (
  customerId: string,
  deps: { caller: Caller; random: Random; done: Acknowledged; shop: Shop },
): CustomerLine => {
  const { caller, random, done, shop } = deps;
  const orders: OpenOrder[] = [];
  let sequence = 0;
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;

  const isTaken = (answer: Answer | undefined, what: string): answer is Answer => {
    if (!answer) {
      done.unanswered.push(customerId);
      return false;
    }
    if (answer.status < 300) return true;
    done.surprises.push(`${what} was answered ${answer.status} ${String(answer.body.code)}`);
    return false;
  };
  const tools: LineTools = {
    ...{ customerId, random, done, shop, isTaken },
    nameOf: (what) => {
      sequence += 1;
      return `${customerId}-${what}-${sequence}`;
    },
    post: (path, body, idempotencyKey) => {
      const key = idempotencyKey === undefined ? {} : { idempotencyKey };
      return caller.untilAnswered({ service: 'ledger', method: 'POST', path, body, ...key });
    },
  };

  /** Coffee is bought now; tea was bought so long ago that its pending points are due in a moment. */
  const whenBought = (category: Purchase['category']): string => {
    const now = Temporal.Now.instant();
    if (category === 'coffee') return now.toString();
    const dueInMs = random.between(PENDING_MS.least, PENDING_MS.most);
    return now.subtract({ milliseconds: TEA.later.pendingHours * HOUR_MS - dueInMs }).toString();
  };

  const newPurchase = (category: Purchase['category'] = random.chance(TEA_SHARE) ? 'tea' : 'coffee'): Purchase => {
    sequence += 1;
    return {
      ...{ customerId, category },
      orderId: `${customerId}-order-${String(sequence).padStart(5, '0')}`,
      totalMinor: MINOR_PER_POINT * random.between(2, MAX_POINTS),
      occurredAt: whenBought(category),
    };
  };

  const buy = async (purchase: Purchase): Promise<void> => {
    // With a key the gateway keeps the answer, without one the order's own id tells a repetition: both ways are used.
    const key = random.chance(0.5) ? { idempotencyKey: purchase.orderId } : {};
    const ask = { service: 'gateway', method: 'POST', path: '/v1/purchases', body: purchaseBody(purchase), ...key };
    if (isTaken(await caller.untilAnswered(ask), 'a purchase')) done.purchases.push(purchase);
  };

  const giveBack = async (refund: Refund): Promise<void> => {
    const ask = { service: 'gateway', method: 'POST', path: '/v1/refunds', body: refundBody(refund) };
    if (isTaken(await caller.untilAnswered(ask), 'a refund')) done.refunds.push(refund);
  };

  const refundOf = (order: OpenOrder, amountMinor: number | undefined): Refund => {
    order.leftMinor -= amountMinor ?? order.leftMinor;
    const { orderId } = order.purchase;
    const occurredAt = Temporal.Now.instant().toString();
    return { customerId, refundId: tools.nameOf('refund'), orderId, amountMinor, occurredAt };
  };

  const purchaseDeed = async (): Promise<void> => {
    const purchase = newPurchase();
    orders.push({ purchase, leftMinor: purchase.totalMinor });
    await buy(purchase);
  };

  const refundDeed = async (): Promise<void> => {
    const open = orders.filter(({ leftMinor }) => leftMinor > 0);
    if (open.length === 0) return purchaseDeed();
    const order = random.pick(open);
    const part = MINOR_PER_POINT * random.between(1, order.leftMinor / MINOR_PER_POINT);
    await giveBack(refundOf(order, random.chance(0.5) ? undefined : part));
  };

  /** The refund arrives before its purchase, which it names, or knows by what was bought alone. */
  const refundFirstDeed = async (): Promise<void> => {
    const bought = newPurchase();
    const purchase = random.chance(UNNAMED_SHARE) ? { ...bought, sku: bought.orderId } : bought;
    const order = { purchase, leftMinor: purchase.totalMinor };
    const { sku, totalMinor: amountMinor } = purchase;
    const refund = refundOf(order, undefined);
    await giveBack(sku === undefined ? refund : { ...refund, returned: { sku, amountMinor } });
    orders.push(order);
    await buy(purchase);
  };

  const interact = async (interactionType: string, attributes?: Record<string, string>): Promise<boolean> => {
    const interaction = { customerId, eventId: tools.nameOf('seen'), occurredAt: Temporal.Now.instant().toString() };
    const body = { ...interaction, interactionType, ...(attributes ? { attributes } : {}) };
    const ask = { service: 'gateway', method: 'POST', path: '/v1/interactions', body };
    if (!isTaken(await caller.untilAnswered(ask), 'an interaction')) return false;
    done.interactions.push(interaction);
    return true;
  };
  const interactionDeed = async (): Promise<void> => void (await interact('product.viewed'));

  /** Tea is bought and rated; the one or the other is told first. */
  const ratingDeed = async (): Promise<void> => {
    const purchase = newPurchase('tea');
    const { orderId } = purchase;
    orders.push({ purchase, leftMinor: purchase.totalMinor });
    const first = random.chance(0.5);
    if (!first) await buy(purchase);
    if (await interact(TEA.rated.interactionType, { orderId })) done.ratings.push({ customerId, orderId, first });
    if (first) await buy(purchase);
  };

  const spending = createSpendingDeeds(tools);
  const rewards = createRewardDeeds(tools);
  const coupons = createCouponDeeds(tools, rewards.codes);
  /** Shares of all deeds; what is left are purchases. */
  const shares: readonly [number, () => Promise<void>][] = [
    [0.12, refundDeed],
    [0.03, refundFirstDeed],
    [0.04, ratingDeed],
    [0.05, spending.reserve],
    [0.03, spending.pay],
    [0.09, rewards.claim],
    [0.04, rewards.cancel],
    [0.06, coupons.use],
    [0.06, interactionDeed],
  ];

  const choose = (): (() => Promise<void>) => {
    let drawn = random.next();
    for (const [share, deed] of shares) {
      if (drawn < share) return deed;
      drawn -= share;
    }
    return purchaseDeed;
  };

  return {
    customerId,
    turn: () => {
      waiting += 1;
      last = last.then(choose()).finally(() => {
        waiting -= 1;
      });
    },
    waiting: () => waiting,
    idle: () => last,
  };
};
