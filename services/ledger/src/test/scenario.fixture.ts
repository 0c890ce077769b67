import fc from 'fast-check';
import type { Activation } from '../domain/activation.ts';
import type { CalendarZone } from '../domain/calendar.ts';
import { type Expiry, SLIDING_ACTIVITIES } from '../domain/expiry-policy.ts';
import { ERASE_POLICIES, SPENT_POINTS } from '../domain/programme.ts';
import type { EarningRule, Trigger } from '../domain/rules/rule.ts';
import { type Operation, operation } from './operations.fixture.ts';
import { customerFacts, matchings, renameRules, ruleLists, withoutProblems } from './rules.fixture.ts';
import { correcting, fallingBack, leaving, returningEarly } from './stories.fixture.ts';
import { activations, expiries, VISIT, ZONES } from './terms.fixture.ts';
import { tierStructures } from './tier-structures.fixture.ts';

/** Rules for grants have ids of their own. */
const grantRules = (zone: CalendarZone) =>
  fc
    .oneof(fc.constant<EarningRule[]>([]), ruleLists(zone, { trigger: { on: 'manual_grant' }, terms: true }))
    .map((rules) => rules.slice(0, 1).map((rule): EarningRule => ({ ...rule, id: 'grants', order: 0 })));

/** Triggers without an order, each met by an operation. */
const TRIGGERS: readonly Trigger[] = [
  { on: 'interaction', interactionType: VISIT },
  { on: 'segment_entered', segmentId: 'vip' },
  { on: 'lifecycle_entered', state: 'won_back' },
  { on: 'birthday' },
];
/** Up to two rules for each of some triggers, under ids of their own. */
const eventRules = (zone: CalendarZone): fc.Arbitrary<EarningRule[]> =>
  fc
    .tuple(
      ...TRIGGERS.map((trigger) =>
        fc
          .option(ruleLists(zone, { trigger, terms: true }), { nil: [], freq: 1 })
          .map((rules) => renameRules(rules.slice(0, 2), `${trigger.on.split('_')[0]}-`)),
      ),
    )
    .map((lists) => lists.flat());

/** No two have theirs on one day, so that it is clear whose comes first where all earn by one budget. */
const birthday = (which: number) =>
  fc.option(
    fc.integer({ min: 0, max: 12 }).map((n) => 3 * n + which),
    { freq: 1 },
  );

const scenarioOf = (zone: CalendarZone) =>
  fc.record({
    zone: fc.constant(zone),
    policy: fc.constantFrom(
      ...['allow_negative' as const, 'allow_negative' as const, 'within_balance' as const, 'only_pending' as const],
    ),
    spentPoints: fc.constantFrom(...SPENT_POINTS),
    activation: fc.oneof(fc.constant<Activation>({ kind: 'immediate' }), activations),
    /** How long points last at first. */
    expiry: expiries,
    /** What keeps points alive; null = nothing does. */
    sliding: fc.option(
      fc
        .record({ activities: fc.subarray([...SLIDING_ACTIVITIES]), visits: fc.boolean() })
        .filter(({ activities, visits }) => visits || activities.length > 0),
      { freq: 2 },
    ),
    tiers: fc.option(tierStructures, { freq: 2 }),
    rules: fc
      .tuple(
        fc.oneof(fc.constant<EarningRule[]>([]), ruleLists(zone, { terms: true })),
        grantRules(zone),
        fc.oneof(fc.constant<EarningRule[]>([]), eventRules(zone)),
      )
      .map(([rules, forGrants, others]) => [...rules, ...forGrants, ...others]),
    matching: matchings,
    facts: fc.record({
      ann: fc.option(customerFacts),
      bob: fc.option(customerFacts),
      cid: fc.option(customerFacts),
    }),
    /** Days from the start to a birthday; null = nobody knows it. */
    birthdays: fc.record({ ann: birthday(0), bob: birthday(1), cid: birthday(2) }),
    onErase: fc.constantFrom(...ERASE_POLICIES),
    operations: fc
      .array(
        fc.oneof(
          { weight: 20, arbitrary: operation.map((each): Operation[] => [each]) },
          { weight: 2, arbitrary: leaving },
          { weight: 1, arbitrary: correcting },
          { weight: 4, arbitrary: fallingBack },
          { weight: 2, arbitrary: returningEarly },
        ),
        { minLength: 1, maxLength: 25, size: 'medium' },
      )
      .map((steps) => steps.flat()),
  });
/** Rules ask for tiers that there are. */
const asking = <Drawn extends { zone: CalendarZone; tiers: unknown; rules: EarningRule[] }>(drawn: Drawn): Drawn => ({
  ...drawn,
  rules: drawn.tiers ? drawn.rules : withoutProblems(drawn.rules, { ...drawn.zone, tiers: [] }),
});

export const scenario = fc.oneof(...ZONES.map((zone) => scenarioOf(zone).map(asking)));
export type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

/** Do points of it wait before they can be spent? */
export const isWaiting = ({ activation, rules }: Scenario): boolean =>
  [activation, ...rules.map((rule) => rule.activation)].some((each) => each && each.kind !== 'immediate');

/** What lasts so long slides by so much, where points slide. */
export const expiryPolicy = (policy: Expiry, sliding: Scenario['sliding']): Expiry =>
  policy.kind !== 'rolling' || sliding === null
    ? policy
    : {
        ...{ kind: 'sliding', amount: policy.amount, unit: policy.unit, activities: sliding.activities },
        interactionTypes: sliding.visits ? [VISIT] : [],
      };
