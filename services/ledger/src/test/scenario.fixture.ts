import fc from 'fast-check';
import type { Activation } from '../domain/activation.ts';
import { type Expiry, expiryAfterDays, SLIDING_ACTIVITIES } from '../domain/expiry-policy.ts';
import { ERASE_POLICIES, SPENT_POINTS } from '../domain/programme.ts';
import type { EarningRule } from '../domain/rules/rule.ts';
import { PROGRAMME } from './events.fixture.ts';
import { type Operation, operation } from './operations.fixture.ts';
import { customerFacts, matchings, ruleLists } from './rules.fixture.ts';
import { correcting, leaving } from './stories.fixture.ts';
import { tierStructures } from './tier-structures.fixture.ts';

const zone = { calendar: 'gregorian' as const, timeZone: PROGRAMME.timeZone };
/** Rules for grants have ids of their own. */
const grantRules = fc
  .oneof(fc.constant<EarningRule[]>([]), ruleLists(zone, { trigger: { on: 'manual_grant' } }))
  .map((rules) => rules.slice(0, 1).map((rule): EarningRule => ({ ...rule, id: 'grants', order: 0 })));

export const scenario = fc.record({
  policy: fc.constantFrom(
    ...['allow_negative' as const, 'allow_negative' as const, 'within_balance' as const, 'only_pending' as const],
  ),
  spentPoints: fc.constantFrom(...SPENT_POINTS),
  /** Hours after a purchase at which its points become spendable; 0 = at once. */
  waitHours: fc.constantFrom(0, 0, 30, 200),
  /** Days after which points expire at first. */
  expiryDays: fc.constantFrom(null, 3, 6),
  /** What keeps points alive; null = nothing does. */
  sliding: fc.option(
    fc
      .record({ activities: fc.subarray([...SLIDING_ACTIVITIES]), visits: fc.boolean() })
      .filter(({ activities, visits }) => visits || activities.length > 0),
    { freq: 2 },
  ),
  tiers: fc.option(tierStructures, { freq: 2 }),
  rules: fc
    .tuple(fc.oneof(fc.constant<EarningRule[]>([]), ruleLists(zone)), grantRules)
    .map(([rules, forGrants]) => [...rules, ...forGrants]),
  matching: matchings,
  facts: fc.record({
    ann: fc.option(customerFacts),
    bob: fc.option(customerFacts),
    cid: fc.option(customerFacts),
  }),
  onErase: fc.constantFrom(...ERASE_POLICIES),
  operations: fc
    .array(
      fc.oneof(
        { weight: 20, arbitrary: operation.map((each): Operation[] => [each]) },
        { weight: 2, arbitrary: leaving },
        { weight: 1, arbitrary: correcting },
      ),
      { minLength: 1, maxLength: 25, size: 'medium' },
    )
    .map((steps) => steps.flat()),
});
export type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

/** The programme's own way of saying how long points wait. */
export const activationOf = (waitHours: number): Activation =>
  waitHours === 0 ? { kind: 'immediate' } : { kind: 'after', amount: waitHours, unit: 'hours' };

/** Type of the interactions that customers of the operations have. */
export const VISIT = 'store.visited';

/** The programme's own way of saying for how long points last. */
export const expiryPolicy = (days: number | null, sliding: Scenario['sliding']): Expiry =>
  days === null || sliding === null
    ? expiryAfterDays(days)
    : {
        ...{ kind: 'sliding', amount: days, unit: 'days', activities: sliding.activities },
        interactionTypes: sliding.visits ? [VISIT] : [],
      };
