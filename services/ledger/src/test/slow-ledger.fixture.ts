import { entryId } from '../domain/entry-id.ts';
import type { ExpiryOf } from '../domain/expiry-policy.ts';
import type { Refund, RefundedLine } from '../domain/order.ts';
import type { ReturnPolicy, SpentPoints } from '../domain/programme.ts';
import type { OrderFacts } from '../domain/rules/facts.ts';
import type { TierStructure } from '../domain/tiers/structure.ts';
import { createSlowBook, type SlowLot } from './slow-book.fixture.ts';
import { createSlowRefunds, type SlowOrder } from './slow-refunds.fixture.ts';
import { createSlowTiers, type SlowCounted } from './slow-tiers.fixture.ts';

export interface SlowPurchase {
  customerId: string;
  orderId: string;
  timeMs: number;
  total: number;
  lines: RefundedLine[];
  /** What rules may ask. */
  order: OrderFacts;
}

export interface SlowRules {
  policy: ReturnPolicy;
  spentPoints: SpentPoints;
  /** By rule, in order; asked before the order is booked. */
  earningsOf: (purchase: SlowPurchase) => { ruleId: string; points: number }[];
  expiryOf: ExpiryOf;
  /** The same of points that the orders of a customer of this tier bring. */
  expiryOfTier: (tier: string | null) => ExpiryOf;
  /** When points that purchases bring become spendable. */
  readyOf: (timeMs: number) => number;
  /** What keeps points alive. */
  keptAliveBy: () => { purchase: boolean; redemption: boolean; visits: boolean };
  tiers: TierStructure | null;
  timeZone: string;
}

/** What an order counts towards a tier. */
const countedAs = (tiers: TierStructure, { total, refunded, entries }: SlowOrder): number => {
  const { metric } = tiers;
  // Orders of the model are all of one currency.
  if (metric.kind === 'spend') return total - refunded;
  if (metric.kind === 'orders') return total > 0 && refunded === total ? 0 : 1;
  return entries.reduce((sum, { points, due }) => sum + points - due, 0);
};

/**
 * The ledger as one would explain it to somebody: one event at a time, everything in plain arrays, nothing clever. What the
 * real one must agree with to the point.
 */
export const createSlowLedger = (rules: SlowRules) => {
  const book = createSlowBook(rules.expiryOf);
  const { clock, customers, customer, holds, available, log, give, takeOne, giveBack, expire } = book;
  const orders = new Map<string, SlowOrder>();
  const seenRefunds = new Set<string>();
  const waiting: Refund[] = [];
  const refunds = createSlowRefunds(book, orders, rules);
  const countedOf = (customerId: string): SlowCounted[] =>
    [...orders.values()].flatMap((order) =>
      order.customerId === customerId && rules.tiers
        ? [{ timeMs: order.timeMs, amount: countedAs(rules.tiers, order) }]
        : [],
    );
  const tiers = rules.tiers ? createSlowTiers(rules.tiers, rules.timeZone, countedOf) : undefined;
  const tierOf = (customerId: string): string | null => tiers?.tierOf(customerId) ?? null;

  const purchase = (bought: SlowPurchase): void => {
    const { customerId, orderId, timeMs, total, lines } = bought;
    customer(customerId).known = true;
    const entries = rules.earningsOf(bought).map((each) => ({ ...each, due: 0 }));
    const earned = entries.reduce((sum, { points }) => sum + points, 0);
    const bySku: SlowOrder['lines'] = [];
    for (const { sku, quantity, amountMinor } of lines) {
      const line = bySku.find((each) => each.sku === sku);
      if (line) {
        line.quantity += quantity;
        line.amount += amountMinor;
      } else bySku.push({ sku, quantity, amount: amountMinor, goneQuantity: 0, goneAmount: 0 });
    }
    orders.set(orderId, {
      ...{ orderId, customerId, timeMs, total, lines: bySku, earned, entries },
      ...{ refunded: 0, whole: false, taken: 0 },
    });
    for (const { ruleId, points } of entries) {
      const readyMs = rules.readyOf(timeMs);
      const expiresAtMs = rules.expiryOfTier(tierOf(customerId))(readyMs);
      const id = entryId(timeMs, 'earn', orderId, ruleId);
      give(customerId, 'earn', points, timeMs, { origin: `${orderId} ${ruleId}`, readyMs, expiresAtMs, id });
    }
    const awaited = waiting.filter((each) => each.orderId === orderId);
    for (const refund of awaited.sort((a, b) => Date.parse(a.occurredAt) - Date.parse(b.occurredAt))) {
      waiting.splice(waiting.indexOf(refund), 1);
      refunds.apply(refund);
    }
  };
  const refund = (each: Refund): void => {
    if (seenRefunds.has(each.refundId)) return;
    seenRefunds.add(each.refundId);
    customer(each.customerId).known = true;
    if (each.orderId !== null && !orders.has(each.orderId)) waiting.push(each);
    else refunds.apply(each);
  };

  return {
    ...book,
    orders,
    tierOf,
    setNow: (ms: number): void => {
      clock.nowMs = ms;
    },
    sweep: (): void => {
      for (const hold of holds)
        if (hold.open && hold.expiresAtMs <= clock.nowMs) {
          giveBack(hold, hold.points);
          hold.open = false;
        }
      for (const id of customers.keys()) book.ripen(id);
      for (const id of customers.keys()) tiers?.look(id, clock.nowMs);
      for (const id of customers.keys()) expire(id);
    },
    /** Events that came together: activity counts, and tiers are looked at, when all of them are booked. */
    batch: (events: readonly ({ purchase: SlowPurchase } | { refund: Refund })[]): void => {
      const bought: SlowPurchase[] = [];
      for (const event of events) {
        if ('refund' in event) refund(event.refund);
        else if (!orders.has(event.purchase.orderId)) {
          bought.push(event.purchase);
          purchase(event.purchase);
        }
      }
      for (const id of customers.keys()) tiers?.look(id, clock.nowMs);
      if (rules.keptAliveBy().purchase) for (const each of bought) book.keepAlive(each.customerId, each.timeMs);
    },
    visit: (customerId: string, timeMs: number): void => {
      if (rules.keptAliveBy().visits) book.keepAlive(customerId, timeMs);
    },
    adjust: (customerId: string, points: number): boolean => {
      if (points < 0 && available(customerId) < -points) return false;
      customer(customerId).known = true;
      expire(customerId);
      if (points > 0) {
        give(customerId, 'adjust', points, clock.nowMs);
        return true;
      }
      for (let point = 0; point < -points; point++) takeOne(customerId);
      log(customerId, 'adjust', points);
      return true;
    },
    /** Returns the number of the hold, or undefined when there are not enough points. */
    reserve: (customerId: string, points: number, ttlMs: number, orderId: string | null): number | undefined => {
      if (available(customerId) < points) return undefined;
      expire(customerId);
      const from = new Map<SlowLot, number>();
      for (let point = 0; point < points; point++) {
        const lot = takeOne(customerId) as SlowLot;
        from.set(lot, (from.get(lot) ?? 0) + 1);
      }
      const parts = [...from].map(([lot, taken]) => ({ lot, points: taken }));
      const hold = { customerId, points, from: parts, expiresAtMs: clock.nowMs + ttlMs, open: true, orderId };
      return holds.push({ ...hold, captured: 0, capturedMs: 0 }) - 1;
    },
    capture: (hold: number, points: number): boolean => {
      const found = holds[hold];
      if (!found?.open || found.expiresAtMs <= clock.nowMs || points > found.points) return false;
      if (points < found.points) giveBack(found, found.points - points);
      Object.assign(found, { open: false, captured: points, capturedMs: clock.nowMs });
      log(found.customerId, 'redeem', -points);
      refunds.spentBackLate(found);
      if (rules.keptAliveBy().redemption) book.keepAlive(found.customerId, clock.nowMs);
      return true;
    },
    release: (hold: number): boolean => {
      const found = holds[hold];
      if (!found?.open || found.expiresAtMs <= clock.nowMs) return false;
      giveBack(found, found.points);
      found.open = false;
      return true;
    },
    /**
     * Gives point by point, those that expire first; they keep their expiry. Returns the lots that the other has now, or
     * undefined when there are not enough points.
     */
    gift: (from: string, to: string, points: number): SlowLot[] | undefined => {
      if (available(from) < points) return undefined;
      customer(to).known = true;
      expire(from);
      const given: SlowLot[] = [];
      const nextEnd = (): number | null | undefined => {
        const [next] = book.open(from);
        return next && book.endOf(from, next);
      };
      for (let left = points; left > 0; ) {
        const expiresAtMs = nextEnd();
        let together = 0;
        for (; together < left && nextEnd() === expiresAtMs; together++) takeOne(from);
        log(from, 'transfer_out', -together);
        given.push(give(to, 'transfer_in', together, clock.nowMs, { expiresAtMs: expiresAtMs ?? null }));
        left -= together;
      }
      return given;
    },
    heldPoints: (hold: number): number => holds[hold]?.points ?? 0,
  };
};
