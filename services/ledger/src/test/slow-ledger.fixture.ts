import { entryId } from '../domain/entry-id.ts';
import type { Refund } from '../domain/order.ts';
import type { TierStructure } from '../domain/tiers/structure.ts';
import type { SlowPurchase, SlowRules } from './slow-asks.fixture.ts';
import { createSlowAwards } from './slow-awards.fixture.ts';
import { createSlowBook } from './slow-book.fixture.ts';
import { createSlowClaims } from './slow-claims.fixture.ts';
import { createSlowLeave, isNobody } from './slow-leave.fixture.ts';
import { createSlowRefunds, type SlowOrder } from './slow-refunds.fixture.ts';
import { createSlowRequests } from './slow-requests.fixture.ts';
import { createSlowSpending } from './slow-spending.fixture.ts';
import { createSlowTiers, type SlowCounted } from './slow-tiers.fixture.ts';

/** What an order counts towards a tier. */
const countedAs = (tiers: TierStructure, { total, refunded, whole, entries }: SlowOrder): number => {
  const { metric } = tiers;
  // Orders of the model are all of one currency.
  if (metric.kind === 'spend') return total - refunded;
  if (metric.kind === 'orders') return (total > 0 ? refunded === total : whole) ? 0 : 1;
  return entries.reduce((sum, { points, due }) => sum + points - due, 0);
};

/**
 * The ledger as one would explain it to somebody: one event at a time, everything in plain arrays, nothing clever. What the
 * real one must agree with to the point.
 */
export const createSlowLedger = (rules: SlowRules) => {
  const book = createSlowBook(rules.endsOf, (customerId) => tierOf(customerId));
  const { clock, customers, customer, give, expire } = book;
  const orders = new Map<string, SlowOrder>();
  /** What each refund said, and of those that were refused that they may come again. */
  const seenRefunds = new Map<string, { said: string; refused: boolean }>();
  const waiting: Refund[] = [];
  const granted = new Map<string, { said: string; points: number }>();
  const refunds = createSlowRefunds(book, orders, rules);
  const countedOf = (customerId: string): SlowCounted[] => {
    const { tiers: structure } = rules;
    if (!structure) return [];
    const bought = [...orders.values()].map((order) => ({ ...order, amount: countedAs(structure, order) }));
    const given = structure.metric.kind === 'points_earned' ? awards.given : [];
    return [...bought, ...given.map((each) => ({ ...each, amount: each.points }))].filter(
      (each) => each.customerId === customerId,
    );
  };
  const tiers = rules.tiers ? createSlowTiers(rules.tiers, rules.calendar, countedOf) : undefined;
  const tierOf = (customerId: string): string | null => tiers?.tierOf(customerId) ?? null;
  const leave = createSlowLeave(book, tiers, {
    ...rules,
    belongings: () => [
      ...[...orders.values(), ...waiting, ...refunds.lacking()],
      ...[...awards.given, ...asked.requests, ...claims.claims, ...book.visits],
    ],
    joined: (customerId) => refunds.offer(customerId, [...orders.values()]),
  });
  const { ownerOf, isLate } = leave;
  const awards = createSlowAwards(book, rules, { ownerOf, isLate, tierOf });
  const spending = createSlowSpending(book, refunds, { ...rules, ownerOf });
  const claims = createSlowClaims(book, spending, ownerOf);
  const asked = createSlowRequests(clock, ownerOf, spending.adjust);
  const lookAtTiers = (): void => {
    for (const id of customers.keys()) if (!isNobody(id)) tiers?.look(id, clock.nowMs);
  };

  const applyOrRefuse = (each: Refund): void => {
    const seen = seenRefunds.get(each.refundId);
    if (seen) seen.refused = !refunds.apply(each);
  };
  const purchase = (bought: SlowPurchase): void => {
    const { customerId, orderId, timeMs, total, lines } = bought;
    const entries = isNobody(customerId) ? [] : rules.earningsOf(bought).map((each) => ({ ...each, due: 0 }));
    if (!isNobody(customerId)) customer(customerId).known = true;
    const earned = entries.reduce((sum, { points }) => sum + points, 0);
    const bySku: SlowOrder['lines'] = [];
    for (const { sku, quantity, amountMinor } of lines) {
      const line = bySku.find((each) => each.sku === sku);
      if (line) {
        line.quantity += quantity;
        line.amount += amountMinor;
      } else bySku.push({ sku, quantity, amount: amountMinor, goneQuantity: 0, goneAmount: 0 });
    }
    const order: SlowOrder = {
      ...{ orderId, customerId, timeMs, total, lines: bySku, earned, entries },
      ...{ refunded: 0, whole: false, taken: 0 },
    };
    orders.set(orderId, order);
    for (const { ruleId, points } of entries) {
      const id = entryId(timeMs, 'earn', orderId, ruleId);
      const terms = rules.termsOf(ruleId, timeMs, tierOf(customerId));
      give(customerId, 'earn', points, timeMs, { ...terms, origin: `${orderId} ${ruleId}`, orderId, ruleId, id });
    }
    const awaited = waiting.filter((each) => each.orderId === orderId);
    for (const refund of awaited.sort((a, b) => Date.parse(a.occurredAt) - Date.parse(b.occurredAt))) {
      waiting.splice(waiting.indexOf(refund), 1);
      applyOrRefuse(refund);
    }
    refunds.offer(customerId, [order]);
  };
  const refund = (each: Refund): void => {
    const { customerId, refundId, orderId, occurredAt, ...content } = each;
    const said = JSON.stringify([customerId, orderId, content]);
    const before = seenRefunds.get(refundId);
    if (before && !(before.refused && before.said === said)) return;
    seenRefunds.set(refundId, { said, refused: false });
    // Nothing can be taken from who was erased.
    if (isLate(customerId, Date.parse(occurredAt))) return;
    each.customerId = ownerOf(customerId);
    customer(each.customerId).known = true;
    if (orderId !== null && !orders.has(orderId)) waiting.push(each);
    else applyOrRefuse(each);
  };

  return {
    ...book,
    orders,
    tierOf,
    /** Tiers are lost at their time, whoever looks. */
    setNow: (ms: number): void => {
      clock.nowMs = ms;
      lookAtTiers();
    },
    sweep: (): void => {
      spending.timeOut();
      for (const id of customers.keys()) book.ripen(id);
      lookAtTiers();
      for (const id of customers.keys()) expire(id);
      awards.celebrate();
      lookAtTiers();
    },
    /** Events that came together: activity counts, and tiers are looked at, when all of them are booked. */
    batch: (events: readonly ({ purchase: SlowPurchase } | { refund: Refund })[]): void => {
      const bought: SlowPurchase[] = [];
      for (const event of events) {
        if ('refund' in event) refund(event.refund);
        else if (!orders.has(event.purchase.orderId)) {
          const { customerId, timeMs } = event.purchase;
          const late = isLate(customerId, timeMs);
          const own = { ...event.purchase, customerId: late ? leave.newNobody() : ownerOf(customerId) };
          if (!late) bought.push(own);
          purchase(own);
        }
      }
      lookAtTiers();
      if (rules.keptAliveBy().purchase) for (const each of bought) book.keepAlive(each.customerId, each.timeMs);
    },
    visit: (...said: Parameters<typeof awards.visit>): void => {
      awards.visit(...said);
      lookAtTiers();
    },
    join: (...said: Parameters<typeof awards.join>): void => {
      awards.join(...said);
      lookAtTiers();
    },
    ...spending,
    ...asked,
    ...claims,
    /** Gives as many points as are asked for, or as the rule says; the same grant once. Returns the points; undefined: refused. */
    grant: (name: string, grantId: string, wanted: { points: number } | { ruleId: string }): number | undefined => {
      const said = JSON.stringify([name, wanted]);
      const before = granted.get(grantId);
      if (before) return before.said === said ? before.points : undefined;
      const customerId = ownerOf(name);
      const timeMs = clock.nowMs;
      const points = 'points' in wanted ? wanted.points : rules.grantOf(customerId, wanted.ruleId, timeMs);
      if (points === 0) return undefined;
      granted.set(grantId, { said, points });
      customer(customerId).known = true;
      const id = entryId(timeMs, 'earn', 'grant', grantId);
      const ruleId = 'ruleId' in wanted ? wanted.ruleId : 'grant';
      const terms = rules.termsOf(ruleId, timeMs, tierOf(customerId));
      give(customerId, 'earn', points, timeMs, { ...terms, ruleId, id });
      awards.given.push({ customerId, timeMs, points });
      lookAtTiers();
      return points;
    },
    state: (id: string) => {
      const own = customer(id);
      const lots = [...own.lots].sort((a, b) => a.bornMs - b.bornMs);
      return {
        ...{ active: book.active(id), pending: book.pending(id), reserved: book.reserved(id), deficit: own.deficit },
        tier: tierOf(id),
        counted: {
          tiers: isNobody(id) ? 0 : countedOf(id).reduce((sum, { amount }) => sum + amount, 0),
          caps: rules.cappedOf(id),
        },
        entries: own.entries.map(({ kind, points, after }): [string, number, number] => [kind, points, after]),
        lots: lots.map((lot) => [
          ...[lot.granted, lot.left, lot.pending, lot.expired, lot.waived, lot.absorbed],
          lot.left > 0 ? book.endOf(id, lot) : null,
        ]),
        lotTiers: lots.map(({ tier }) => tier),
      };
    },
    merge: leave.merge,
    erase: leave.erase,
    ownerOf,
  };
};
