import type { Tx } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import { dayAt } from '../domain/calendar.ts';
import type { Match } from '../domain/order.ts';
import type { NewPurchase } from '../domain/plan.ts';
import type { RefundCase } from '../domain/refund-case.ts';
import { toldBefore } from '../domain/tiers/look-back.ts';
import { isDue, stateOf, type TierState } from '../domain/tiers/state.ts';
import { placeFor, placeOf, type TierMetric } from '../domain/tiers/structure.ts';
import { addQualifications, type QualificationDelta, sumQualifications } from '../store/qualifications.ts';
import { findRefundedWhole } from '../store/refunds.ts';
import { findTierStates } from '../store/tier-states.ts';
import { lookAtTiers } from './look-at-tiers.ts';
import type { TierRules } from './tier-rules.ts';

/** Something that counts towards a tier, on the day of `atMs`; negative = does not count any more. */
export interface Counted {
  customerId: string;
  atMs: number;
  amount: number;
}

/** What new orders count. */
export const countPurchases = (metric: TierMetric, purchases: readonly NewPurchase[]): Counted[] =>
  purchases.flatMap(({ order }) => {
    const { customerId, occurredAtMs: atMs, pointsEarned, totalMinor, currency } = order;
    if (metric.kind === 'orders') return [{ customerId, atMs, amount: 1 }];
    if (metric.kind === 'points_earned') return pointsEarned === 0 ? [] : [{ customerId, atMs, amount: pointsEarned }];
    return currency === metric.currency && totalMinor > 0 ? [{ customerId, atMs, amount: totalMinor }] : [];
  });

const matchesOf = (settled: readonly RefundCase[]): Match[] =>
  settled.filter(({ status }) => status === 'applied').flatMap(({ matching }) => matching.matches);

/** Refunds that took back all of an order that was paid with points alone: its money does not tell whether that was so before. */
const isFreeAndWhole = ({ order, whole }: Match): boolean => whole && order.totalMinor === 0;

const NONE: ReadonlySet<string> = new Set();

/**
 * What refunds take from that: the points that the refunded part had earned, whether or not they could be taken back; its
 * money; or the order, once all of it was refunded. It is taken from the day of the order. `wholeBefore` are the orders of
 * total 0 that other refunds had taken back as a whole before.
 */
export const countRefunds = (
  metric: TierMetric,
  settled: readonly RefundCase[],
  wholeBefore: ReadonlySet<string> = NONE,
): Counted[] => {
  const matches = matchesOf(settled);
  if (metric.kind === 'orders') {
    const endsWith = (match: Match): boolean => {
      const { order, amountMinor } = match;
      if (order.totalMinor === 0) return isFreeAndWhole(match) && !wholeBefore.has(order.orderId);
      return amountMinor > 0 && order.refundedMinor === order.totalMinor;
    };
    const ended = new Set(matches.filter(endsWith).map(({ order }) => order));
    return [...ended].map(({ customerId, occurredAtMs: atMs }) => ({ customerId, atMs, amount: -1 }));
  }
  return matches.flatMap(({ order, amountMinor, pointsDue }) => {
    const { customerId, occurredAtMs: atMs, currency } = order;
    if (metric.kind === 'spend')
      return currency === metric.currency && amountMinor > 0 ? [{ customerId, atMs, amount: -amountMinor }] : [];
    return pointsDue === 0 ? [] : [{ customerId, atMs, amount: -pointsDue }];
  });
};

/** The same of refunds that were written in this transaction; what else it needs to know is read only where it matters. */
export const countSettled = async (tx: Tx, metric: TierMetric, settled: readonly RefundCase[]): Promise<Counted[]> => {
  const free = metric.kind === 'orders' ? matchesOf(settled).filter(isFreeAndWhole) : [];
  if (free.length === 0) return countRefunds(metric, settled);
  const before = await findRefundedWhole(
    tx,
    free.map(({ order }) => order.customerId),
    free.map(({ order }) => order.orderId),
    settled.map(({ refund }) => refund.refundId),
  );
  return countRefunds(metric, settled, new Set(before.map(({ orderId }) => orderId)));
};

/** One delta per customer and day, in their order, so that rows are always locked in the same one. */
const deltasOf = (counted: readonly Counted[], dayOf: (ms: number) => string): QualificationDelta[] => {
  const byKey = new Map<string, QualificationDelta>();
  for (const { customerId, atMs, amount } of counted) {
    const day = dayOf(atMs);
    const key = `${day} ${customerId}`;
    const known = byKey.get(key);
    if (known) known.amount += amount;
    else byKey.set(key, { customerId, day, amount });
  }
  return [...byKey.values()].filter(({ amount }) => amount !== 0);
};

/** Would a look change anything? A tier is reached, one is in its grace, or its time has come. */
const mayChange = ({ structure }: TierRules, kept: TierState | undefined, amount: number, nowMs: number): boolean => {
  const state = stateOf(structure, kept);
  if (placeFor(structure, amount) > (state ? placeOf(structure, state.tier) : -1)) return true;
  return state !== undefined && (state.graceUntilMs !== null || isDue(state, nowMs));
};

/** Days of windows that are over of which something was told that may give a tier that is still had, by customer. */
const toldLate = (rules: TierRules, deltas: readonly QualificationDelta[], nowMs: number): Map<string, string[]> => {
  const more = deltas.filter(({ amount }) => amount > 0);
  const days = [...new Set(more.map(({ day }) => day))];
  const late = new Set(toldBefore(rules, days, dayAt(rules.zone, nowMs).date));
  const byCustomer = new Map<string, string[]>();
  if (late.size === 0) return byCustomer;
  for (const { customerId, day } of more)
    if (late.has(day)) byCustomer.set(customerId, [...(byCustomer.get(customerId) ?? []), day]);
  return byCustomer;
};

/**
 * Adds what counts to the customers' sums, and raises whoever has reached a tier. The caller holds the locks of their balance
 * rows. Returns what to tell.
 */
export const countTowardsTiers = async (
  tx: Tx,
  rules: TierRules,
  counted: readonly Counted[],
  now: Temporal.Instant,
): Promise<EventEnvelope[]> => {
  const deltas = deltasOf(counted, rules.dayOf);
  if (deltas.length === 0) return [];
  const nowMs = now.epochMilliseconds;
  const customerIds = [...new Set(deltas.map(({ customerId }) => customerId))];
  const open = rules.windowAt(nowMs);
  // Sent at once, done one after the other: the sums are those after the deltas.
  const [, sums, states] = await Promise.all([
    addQualifications(tx, rules.measure, deltas),
    sumQualifications(tx, rules.measure, customerIds, open),
    findTierStates(tx, customerIds),
  ]);
  // Where time shortens what a refund takes from, it is looked at in any case.
  const shortened =
    rules.structure.validity.kind === 'while_earned'
      ? new Set(deltas.filter(({ amount }) => amount < 0).map(({ customerId }) => customerId))
      : new Set<string>();
  // What a shop's clock dated into the next window is in no sum of the open one.
  const isAhead = ({ day }: QualificationDelta): boolean => open.last !== null && day > open.last;
  const ahead = new Set(deltas.filter(isAhead).map(({ customerId }) => customerId));
  const told = toldLate(rules, deltas, nowMs);
  const due = customerIds.filter((customerId) => {
    const state = states.get(customerId);
    if (ahead.has(customerId) || told.has(customerId) || (state !== undefined && shortened.has(customerId)))
      return true;
    return mayChange(rules, state, sums.get(customerId) ?? 0, nowMs);
  });
  const customers = new Map(due.map((customerId) => [customerId, states.get(customerId)]));
  return lookAtTiers(tx, rules, customers, now, { toldOf: (customerId) => told.get(customerId) });
};
