import { present } from '@vafa/kernel';
import type { NewPurchase, RefundCase } from '../domain/plan.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { look } from '../domain/tiers/look.ts';
import type { TierState } from '../domain/tiers/state.ts';
import type { TierStructure } from '../domain/tiers/structure.ts';
import { countPurchases, countRefunds } from '../use-cases/count-towards-tiers.ts';
import { createTierRules } from '../use-cases/tier-rules.ts';
import { PROGRAMME } from './events.fixture.ts';

const UNKNOWN: CustomerFacts = { tier: null, segments: [], lifecycle: null, attributes: {} };

/** The domain's tiers with plain maps in the place of tables. */
export const createStandings = (tiers: TierStructure) => {
  const rules = present(createTierRules({ ...PROGRAMME, tiers }), 'rules of the tiers');
  const states = new Map<string, TierState>();
  const days = new Map<string, { day: string; amount: number }[]>();
  return {
    tierOf: (customerId: string): string | null => states.get(customerId)?.tier ?? null,
    /** What is known of customers, with their tiers. */
    factsOf: (known: ReadonlyMap<string, CustomerFacts>): ReadonlyMap<string, CustomerFacts> =>
      new Map(
        [...new Set([...known.keys(), ...states.keys()])].map((id) => [
          id,
          { ...UNKNOWN, ...known.get(id), tier: states.get(id)?.tier ?? null },
        ]),
      ),
    count: (purchases: readonly NewPurchase[], refunds: readonly RefundCase[]): void => {
      const { metric } = tiers;
      for (const { customerId, atMs, amount } of [
        ...countPurchases(metric, purchases),
        ...countRefunds(metric, refunds),
      ])
        days.set(customerId, [...(days.get(customerId) ?? []), { day: rules.dayOf(atMs), amount }]);
    },
    look: (customerIds: Iterable<string>, nowMs: number): void => {
      for (const customerId of customerIds) {
        const state = look({ ...rules, days: days.get(customerId) ?? [] }, states.get(customerId), nowMs);
        if (state) states.set(customerId, state);
      }
    },
  };
};
