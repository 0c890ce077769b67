import { AppError } from '@vafa/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { customerFacts, matchings, orderFacts, ruleLists } from '../../test/rules.fixture.ts';
import { slowTaken, slowWays } from '../../test/slow-rules.fixture.ts';
import { ROUNDINGS } from '../programme.ts';
import { compileRules, type RulesProgramme } from './compile.ts';
import { earnByEvent, earnByPurchase } from './evaluate.ts';
import { explanationText } from './explanation.ts';
import type { CustomerFacts, OrderFacts } from './facts.ts';
import type { EarningRule } from './rule.ts';

const T0 = Date.parse('2026-11-21T08:00:00Z');

const programme = (rules: Partial<EarningRule>[] = [], more: Partial<RulesProgramme> = {}): RulesProgramme => ({
  rates: [{ currency: 'EUR', points: 1, perMinor: 100 }],
  rounding: 'floor',
  timeZone: 'Europe/Berlin',
  calendar: 'gregorian',
  matching: 'all',
  rules: rules.map((rule, i) => ({
    id: `r${i}`,
    name: `rule ${i}`,
    trigger: { on: 'purchase' },
    effect: { kind: 'fixed', points: 5 },
    order: i,
    ...rule,
  })),
  ...more,
});

const order = (totalMinor: number, more: Partial<OrderFacts> = {}): OrderFacts => ({
  currency: 'EUR',
  totalMinor,
  lines: [],
  ...more,
});
const SILVER: CustomerFacts = { tier: 'silver', segments: [], lifecycle: null, attributes: {} };
const silver: Partial<EarningRule> = {
  name: 'silver',
  when: { kind: 'customer_tier', in: ['silver'] },
  effect: { kind: 'multiplier', numerator: 12, denominator: 10 },
};

const earn = (rules: RulesProgramme, facts: OrderFacts, customer?: CustomerFacts, atMs = T0) =>
  earnByPurchase(compileRules(rules), { atMs, order: facts }, customer);
const told = (...args: Parameters<typeof earn>) =>
  earn(...args).awards.map(({ ruleId, points, explanation }) => [
    ruleId,
    explanation ? explanationText(explanation) : points,
  ]);

test('the rate alone needs no explanation', () => {
  expect(earn(programme(), order(10_050))).toEqual({
    awards: [{ ruleId: 'base', points: 100, explanation: null, rule: null }],
    note: null,
    cappedAway: [],
  });
});

test('says why there is nothing', () => {
  expect(earnByPurchase(compileRules(undefined), { atMs: T0, order: order(1) }, undefined).note).toBe('no_programme');
  expect(earn(programme(), order(1_000, { currency: 'USD' })).note).toBe('no_rate');
  expect(earn(programme(), order(99)).note).toBe('nothing_earned');
  const nothing = { kind: 'multiplier' as const, numerator: 0, denominator: 1 };
  expect(earn(programme([{ effect: nothing }]), order(1_000)).note).toBe('nothing_earned');
});

test('a multiplier becomes part of what it multiplies, and is told', () => {
  expect(told(programme([silver]), order(10_000), SILVER)).toEqual([['base', '120 = 100 base × 1.2 silver']]);
  expect(told(programme([silver]), order(10_000))).toEqual([['base', 100]]);
  const third = { ...silver, effect: { kind: 'multiplier' as const, numerator: 4, denominator: 3 } };
  expect(told(programme([silver, third]), order(10_000), SILVER)).toEqual([
    ['base', '160 = 100 base × 1.2 silver × 4/3 silver'],
  ]);
});

test('every entry is rounded once, at its end', () => {
  // 1.5 points of the rate, twice: 3, not 2.
  const twice = { effect: { kind: 'multiplier' as const, numerator: 2, denominator: 1 } };
  expect(earn(programme([twice]), order(150)).awards).toMatchObject([{ points: 3 }]);
  for (const [rounding, points] of [
    ['floor', 1],
    ['half_up', 2],
    ['ceil', 2],
  ] as const)
    expect(earn(programme([], { rounding }), order(150)).awards).toMatchObject([{ points }]);
});

test('each rule that gives makes an entry of its own', () => {
  const lines = [
    { sku: 'a', quantity: 3, amountMinor: 900, category: 'shoes' },
    { sku: 'b', quantity: 1, amountMinor: 100, labels: ['gift card'] },
  ];
  const shoes = { category: ['shoes'] };
  const rules = programme([
    { name: 'welcome' },
    { name: 'shoes', effect: { kind: 'per_amount', points: 1, perMinor: 100, currency: 'EUR', lines: shoes } },
    { name: 'lines', effect: { kind: 'per_line', points: 2, each: 'line' } },
    {
      name: 'units',
      effect: { kind: 'per_line', points: 2, each: 'unit', lines: { except: { label: ['gift card'] } } },
    },
    { name: 'rial', effect: { kind: 'per_amount', points: 1, perMinor: 1, currency: 'IRR' } },
    { name: 'double', effect: { kind: 'multiplier', numerator: 2, denominator: 1, of: ['base', 'r1'] } },
  ]);
  expect(told(rules, order(1_000, { lines }))).toEqual([
    ['base', '20 = 10 base × 2 double'],
    ['r0', '5 = 5 welcome'],
    ['r1', '18 = 9 shoes × 2 double'],
    ['r2', '4 = 4 lines'],
    ['r3', '6 = 6 units'],
  ]);
});

test('a multiplier with times or caps of its own makes an entry of its own, which is not multiplied by others before it', () => {
  const weekend: Partial<EarningRule> = {
    name: 'weekend',
    effect: { kind: 'multiplier', numerator: 12, denominator: 10 },
    expiry: { kind: 'rolling', amount: 7, unit: 'days' },
  };
  const rules = programme([{ name: 'welcome' }, weekend, { ...silver, order: 9 }]);
  const { awards } = earn(rules, order(10_000), SILVER);
  expect(awards.map(({ explanation }) => explanationText(explanation ?? []))).toEqual([
    '120 = 100 base × 1.2 silver',
    '6 = 5 welcome × 1.2 silver',
    '25 = 105 × 0.2 weekend × 1.2 silver',
  ]);
  // In Berlin 28 November ends at 23:00 UTC.
  expect(awards.map(({ rule }) => rule?.expiryOf?.(T0))).toEqual([
    undefined,
    undefined,
    Date.parse('2026-11-28T22:59:59.999Z'),
  ]);
});

test('the order of rules is theirs, and one that gave something may end it', () => {
  const rules = (stop: boolean) => programme([{ order: 5 }, { order: 1, stop }, { order: 5 }]);
  expect(earn(rules(false), order(0)).awards.map(({ ruleId }) => ruleId)).toEqual(['r1', 'r0', 'r2']);
  expect(earn(rules(true), order(0)).awards.map(({ ruleId }) => ruleId)).toEqual(['r1']);
});

test('only the first rule that gives something counts, beside the rate', () => {
  const rial: Partial<EarningRule> = { effect: { kind: 'per_amount', points: 1, perMinor: 1, currency: 'IRR' } };
  const rules = programme([rial, silver, {}, {}], { matching: 'first' });
  expect(told(rules, order(10_000), SILVER)).toEqual([['base', '120 = 100 base × 1.2 silver']]);
  expect(told(rules, order(10_000))).toEqual([
    ['base', 100],
    ['r2', '5 = 5 rule 2'],
  ]);
});

test('a rule that gives no point, as it rounds to nothing or multiplies nothing, keeps no other from its turn', () => {
  const perTen: Partial<EarningRule> = { effect: { kind: 'per_amount', points: 1, perMinor: 1_000, currency: 'EUR' } };
  const double: Partial<EarningRule> = { effect: { kind: 'multiplier', numerator: 2, denominator: 1 } };
  const last: [string, string] = ['r1', '5 = 5 rule 1'];
  for (const first of [programme([perTen, {}], { matching: 'first' }), programme([{ ...perTen, stop: true }, {}])]) {
    expect(told(first, order(999))).toEqual([['base', 9], last]);
    expect(told(first, order(1_000))).toEqual([
      ['base', 10],
      ['r0', '1 = 1 rule 0'],
    ]);
    expect(earn(first, order(999)).cappedAway).toEqual([]);
  }
  for (const first of [programme([double, {}], { matching: 'first' }), programme([{ ...double, stop: true }, {}])]) {
    expect(told(first, order(0))).toEqual([last]);
    expect(told(first, order(100))).toEqual([['base', '2 = 1 base × 2 rule 0']]);
  }
  const alone = programme([{ ...perTen, stop: true }], { rates: [] });
  expect(earn(alone, order(1))).toEqual({ awards: [], note: 'nothing_earned', cappedAway: [] });
});

test('a rule counts from its start on until before its end', () => {
  const window = { startsAt: '2026-11-21T08:00:00Z', endsAt: '2026-11-21T10:00:00+01:00' };
  const points = (atMs: number): number => earn(programme([window]), order(0), undefined, atMs).awards.length;
  expect([T0 - 1, T0, T0 + 3_599_999, T0 + 3_600_000].map(points)).toEqual([0, 1, 1, 0]);
});

test('what is over the cap of one order is reduced or rejected, and told', () => {
  const effect = { kind: 'per_amount' as const, points: 1, perMinor: 10, currency: 'EUR' };
  const capped = (beyond: 'reduce' | 'reject', total: number) =>
    told(programme([{ name: 'bonus', effect, caps: { perOrder: 60, beyond } }], { rates: [] }), order(total));
  expect(capped('reduce', 600)).toEqual([['r0', '60 = 60 bonus']]);
  expect(capped('reduce', 1_000)).toEqual([['r0', '60 = 100 bonus − 40 over the cap of 60 points per order']]);
  expect(capped('reject', 1_000)).toEqual([]);
});

test('other triggers have rules of their own', () => {
  const rules = compileRules(
    programme([
      { trigger: { on: 'interaction', interactionType: 'signup' }, effect: { kind: 'fixed', points: 50 } },
      {
        trigger: { on: 'interaction', interactionType: 'signup' },
        when: { kind: 'event_attribute', name: 'from', in: ['app'] },
        effect: { kind: 'multiplier', numerator: 2, denominator: 1 },
      },
      { trigger: { on: 'segment_entered', segmentId: 'vip' } },
      { trigger: { on: 'lifecycle_entered', state: 'won_back' } },
      { trigger: { on: 'birthday' } },
      { trigger: { on: 'manual_grant' } },
    ]),
  );
  const signup = rules.interactions.get('signup');
  if (!signup) throw new Error('signup sets rules off');
  const points = (attributes: Record<string, string>) =>
    earnByEvent(rules, signup, { atMs: T0, attributes }, undefined).awards.map((award) => award.points);
  expect(points({ from: 'app' })).toEqual([100]);
  expect(points({})).toEqual([50]);
  expect([...rules.segments.keys(), ...rules.lifecycle.keys(), ...rules.grants.keys()]).toEqual([
    'vip',
    'won_back',
    'r5',
  ]);
  expect(rules.birthday.rules.map(({ id }) => id)).toEqual(['r4']);
  expect(earnByPurchase(rules, { atMs: T0, order: order(1_000) }, undefined).awards).toHaveLength(1);
});

test('what can not be counted is refused', () => {
  const much = { kind: 'per_amount' as const, points: 1_000_000_000, perMinor: 1, currency: 'EUR' };
  expect(() => earn(programme([{ effect: much }]), order(1_000_000_000_000_000))).toThrow(AppError);
});

const ZONES = [
  { calendar: 'gregorian', timeZone: 'Europe/Berlin' },
  { calendar: 'persian', timeZone: 'Asia/Tehran' },
] as const;
const drawn = fc.constantFrom(...ZONES).chain((zone) =>
  fc.record({
    programme: fc.record({
      rates: fc.constantFrom([], [{ currency: 'EUR', points: 3, perMinor: 70 }]),
      rounding: fc.constantFrom(...ROUNDINGS),
      matching: matchings,
      rules: ruleLists(zone),
      calendar: fc.constant(zone.calendar),
      timeZone: fc.constant(zone.timeZone),
    }),
    order: orderFacts,
    customer: fc.option(customerFacts, { nil: undefined }),
    atMs: fc.integer({ min: Date.parse('2026-01-01T00:00:00Z'), max: Date.parse('2026-12-31T00:00:00Z') }),
  }),
);

test('prepared rules do what the slow and obvious ones do, and the steps of each entry add up to its points', () => {
  fc.assert(
    fc.property(drawn, ({ programme: rules, order: facts, customer, atMs }) => {
      const { awards } = earn(rules, facts, customer, atMs);
      const told = awards.map(({ ruleId, points, basis }) => ({
        ...{ ruleId, points },
        basis: basis?.map(([sku, weight]) => ({ sku, weight })),
      }));
      expect(told).toEqual(slowTaken(rules, slowWays(rules, { on: 'purchase' }, { atMs, order: facts }, customer)));
      for (const { points, explanation } of awards)
        if (explanation) expect(explanation.reduce((sum, step) => sum + step.points, 0)).toBe(points);
    }),
    { numRuns: 2_000 },
  );
});

test('rules that do not look at each other give the same in any order', () => {
  const simple = ruleLists(ZONES[0]).map((rules) =>
    rules.filter(({ effect, stop }) => effect.kind !== 'multiplier' && stop !== true),
  );
  fc.assert(
    fc.property(simple, orderFacts, customerFacts, (rules, facts, customer) => {
      const sorted = (list: readonly EarningRule[]) =>
        earn(programme([], { rules: list }), facts, customer)
          .awards.map(({ ruleId, points }) => [ruleId, points])
          .sort();
      const turned = rules.map((rule) => ({ ...rule, order: 3 - rule.order })).toReversed();
      expect(sorted(turned)).toEqual(sorted(rules));
    }),
    { numRuns: 300 },
  );
});

test('an order in two parts never earns more by the rounding down of its rate and amounts', () => {
  const rules = programme([
    { effect: { kind: 'per_amount', points: 7, perMinor: 30, currency: 'EUR' } },
    { effect: { kind: 'multiplier', numerator: 13, denominator: 11 } },
  ]);
  const points = (total: number): number =>
    earn(rules, order(total)).awards.reduce((sum, each) => sum + each.points, 0);
  fc.assert(
    fc.property(fc.nat(10_000), fc.nat(10_000), (a, b) => {
      expect(points(a) + points(b)).toBeLessThanOrEqual(points(a + b));
    }),
  );
});
