import fc from 'fast-check';
import {
  DOWNGRADES,
  TIER_METRICS,
  TIER_PERIODS,
  type TierLevel,
  type TierStructure,
} from '../domain/tiers/structure.ts';

/** What a level is reached by, small enough for a few orders of the operations. */
export const STEPS = { points_earned: 12, spend: 1_200, orders: 1 } as const;

const benefits = fc.record(
  {
    multiplier: fc.constantFrom({ numerator: 3, denominator: 2 }, { numerator: 7, denominator: 3 }),
    expiry: fc.constantFrom({ kind: 'none' as const }, { kind: 'rolling' as const, amount: 9, unit: 'days' as const }),
    rewards: fc.constant<string[]>([]),
  },
  { requiredKeys: ['rewards'] },
);

/** A calendar window or a rolling one, with a way of validity that it allows. */
const windows = fc.oneof(
  fc.record({
    window: fc.record({ kind: fc.constant('calendar' as const), period: fc.constantFrom(...TIER_PERIODS, 'month') }),
    validity: fc.oneof(
      fc.record({ kind: fc.constant('windows' as const), more: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ kind: fc.constant('months' as const), amount: fc.constantFrom(1, 2) }),
    ),
  }),
  fc.record({
    window: fc.record({ kind: fc.constant('rolling' as const), months: fc.constantFrom(1, 2) }),
    validity: fc.oneof(
      fc.constant({ kind: 'while_earned' as const }),
      fc.record(
        {
          kind: fc.constant('months' as const),
          amount: fc.constantFrom(1, 2),
          roundUpTo: fc.constantFrom('month' as const, 'quarter' as const),
        },
        { requiredKeys: ['kind', 'amount'] },
      ),
    ),
  }),
);

/** Silver, which may be free, and gold, which is what rules ask for. */
export const tierStructures: fc.Arbitrary<TierStructure> = fc
  .record({
    metric: fc.constantFrom(...TIER_METRICS),
    windows,
    steps: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 })),
    benefits: fc.tuple(benefits, benefits),
    graceDays: fc.constantFrom(0, 0, 3, 10),
    downgrade: fc.constantFrom(...DOWNGRADES, 'one_level' as const, 'to_earned' as const),
    neverBelow: fc.constantFrom(undefined, undefined, undefined, 'silver', 'gold'),
  })
  .map(({ metric, windows: drawn, steps, benefits: given, neverBelow, ...rest }) => {
    const level = (id: string, threshold: number, own: TierLevel['benefits']): TierLevel => ({
      ...{ id, name: { en: id, fa: id }, threshold, benefits: own },
    });
    const step = STEPS[metric];
    return {
      metric: metric === 'spend' ? { kind: metric, currency: 'EUR' } : { kind: metric },
      ...drawn,
      levels: [level('silver', steps[0] * step, given[0]), level('gold', (steps[0] + steps[1]) * step, given[1])],
      ...rest,
      ...(neverBelow ? { neverBelow } : {}),
      atRiskDays: 0,
    };
  });
