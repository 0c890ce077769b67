import type { Tx } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import type { NewPurchase, RefundCase } from '../domain/plan.ts';
import { isDue, type TierState } from '../domain/tiers/state.ts';
import { placeFor, placeOf, type TierMetric } from '../domain/tiers/structure.ts';
import { addQualifications, type QualificationDelta, sumQualifications } from '../store/qualifications.ts';
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

/**
 * What refunds take from that: the points that the refunded part had earned, whether or not they could be taken back; its
 * money; or the order, once all of it was refunded. It is taken from the day of the order.
 */
export const countRefunds = (metric: TierMetric, settled: readonly RefundCase[]): Counted[] => {
  const matches = settled.filter(({ status }) => status === 'applied').flatMap(({ matching }) => matching.matches);
  if (metric.kind === 'orders') {
    const changed = matches.filter(({ amountMinor }) => amountMinor > 0).map(({ order }) => order);
    const whole = new Set(changed.filter(({ refundedMinor, totalMinor }) => refundedMinor === totalMinor));
    return [...whole].map(({ customerId, occurredAtMs: atMs }) => ({ customerId, atMs, amount: -1 }));
  }
  return matches.flatMap(({ order, amountMinor, pointsDue }) => {
    const { customerId, occurredAtMs: atMs, currency } = order;
    if (metric.kind === 'spend')
      return currency === metric.currency && amountMinor > 0 ? [{ customerId, atMs, amount: -amountMinor }] : [];
    return pointsDue === 0 ? [] : [{ customerId, atMs, amount: -pointsDue }];
  });
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
const mayChange = (rules: TierRules, state: TierState | undefined, amount: number, nowMs: number): boolean => {
  const { structure } = rules;
  if (placeFor(structure, amount) > (state ? placeOf(structure, state.tier) : -1)) return true;
  return state !== undefined && (state.graceUntilMs !== null || isDue(state, nowMs));
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
  // Sent at once, done one after the other: the sums are those after the deltas.
  const [, sums, states] = await Promise.all([
    addQualifications(tx, rules.measure, deltas),
    sumQualifications(tx, rules.measure, customerIds, rules.windowAt(nowMs)),
    findTierStates(tx, customerIds),
  ]);
  // Where time shortens what a refund takes from, it is looked at in any case.
  const shortened =
    rules.structure.validity.kind === 'while_earned'
      ? new Set(deltas.filter(({ amount }) => amount < 0).map(({ customerId }) => customerId))
      : new Set<string>();
  const due = customerIds.filter((customerId) => {
    const state = states.get(customerId);
    return (
      mayChange(rules, state, sums.get(customerId) ?? 0, nowMs) || (state !== undefined && shortened.has(customerId))
    );
  });
  return lookAtTiers(tx, rules, new Map(due.map((customerId) => [customerId, states.get(customerId)])), now);
};
