import { present } from '@vafa/kernel';
import type { CalendarZone } from '../domain/calendar.ts';
import type { NewPurchase } from '../domain/plan.ts';
import type { RefundCase } from '../domain/refund-case.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { betterTier } from '../domain/tiers/better-tier.ts';
import { look } from '../domain/tiers/look.ts';
import { stateOf, type TierState } from '../domain/tiers/state.ts';
import type { TierStructure } from '../domain/tiers/structure.ts';
import { type Counted, countPurchases, countRefunds } from '../use-cases/count-towards-tiers.ts';
import { createTierRules } from '../use-cases/tier-rules.ts';
import { PROGRAMME } from './events.fixture.ts';

const UNKNOWN: CustomerFacts = { tier: null, segments: [], lifecycle: null, attributes: {} };

/** The domain's tiers with plain maps in the place of tables. */
export const createStandings = (tiers: TierStructure, zone: CalendarZone) => {
  const rules = present(createTierRules({ ...PROGRAMME, ...zone, tiers }), 'rules of the tiers');
  const states = new Map<string, TierState>();
  const days = new Map<string, { day: string; amount: number }[]>();
  /** Orders that were taken back as a whole. */
  const whole = new Set<string>();
  /** What was added since the last look, by customer and day. */
  const added = new Map<string, Map<string, number>>();
  const addTo = (customerId: string, day: string, amount: number): void => {
    days.set(customerId, [...(days.get(customerId) ?? []), { day, amount }]);
    const sums = added.get(customerId) ?? new Map<string, number>();
    added.set(customerId, sums.set(day, (sums.get(day) ?? 0) + amount));
  };
  const add = ({ customerId, atMs, amount }: Counted): void => addTo(customerId, rules.dayOf(atMs), amount);
  const forget = (customerId: string): void => {
    days.delete(customerId);
    states.delete(customerId);
  };
  const tierOf = (customerId: string): string | null => stateOf(tiers, states.get(customerId))?.tier ?? null;
  return {
    tierOf,
    /** What is known of customers, with their tiers. */
    factsOf: (
      known: ReadonlyMap<string, CustomerFacts>,
      customerIds: readonly string[],
    ): ReadonlyMap<string, CustomerFacts> =>
      new Map(customerIds.map((id) => [id, { ...UNKNOWN, ...known.get(id), tier: tierOf(id) }])),
    count: (purchases: readonly NewPurchase[], refunds: readonly RefundCase[]): void => {
      for (const counted of [...countPurchases(tiers.metric, purchases), ...countRefunds(tiers.metric, refunds, whole)])
        add(counted);
      for (const { status, matching } of refunds)
        for (const match of status === 'applied' ? matching.matches : [])
          if (match.whole) whole.add(match.order.orderId);
    },
    counted: (customerId: string): number => (days.get(customerId) ?? []).reduce((sum, { amount }) => sum + amount, 0),
    countGrant: (counted: Counted): void => {
      if (tiers.metric.kind === 'points_earned') add(counted);
    },
    join: (from: string, into: string): void => {
      // What the one did is told of the other.
      for (const { day, amount } of days.get(from) ?? []) addTo(into, day, amount);
      const better = betterTier(tiers, states.get(from), states.get(into));
      if (better) states.set(into, better);
      forget(from);
    },
    forget,
    look: (customerIds: Iterable<string>, nowMs: number): void => {
      for (const customerId of customerIds) {
        const told = [...(added.get(customerId) ?? [])].filter(([, amount]) => amount > 0).map(([day]) => day);
        added.delete(customerId);
        const state = look({ ...rules, days: days.get(customerId) ?? [] }, states.get(customerId), nowMs, told);
        if (state) states.set(customerId, state);
      }
    },
  };
};
