import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchings, orderFacts, ruleLists } from '../../test/rules.fixture.ts';
import { type SlowAward, slowCap, slowTaken, slowWays } from '../../test/slow-rules.fixture.ts';
import { ROUNDINGS, type Rounding } from '../programme.ts';
import type { Award } from './award.ts';
import { type Counter, count } from './caps.ts';
import { compileRules, type RulesProgramme } from './compile.ts';
import { capEarned } from './earned.ts';
import { earnByEvent, earnByPurchase } from './evaluate.ts';
import { byRateAlone, type Explanation, explanationText } from './explanation.ts';
import type { Cap, Caps, EarningRule } from './rule.ts';

const grantRule = (caps: Caps, points = 30): EarningRule => ({
  id: 'gift',
  name: 'gift',
  trigger: { on: 'birthday' },
  effect: { kind: 'fixed', points },
  order: 0,
  caps,
});

const programmeOf = (rules: EarningRule[], more: Partial<RulesProgramme> = {}): RulesProgramme => ({
  rates: [],
  rounding: 'floor',
  matching: 'all',
  timeZone: 'Europe/Berlin',
  calendar: 'gregorian',
  rules,
  ...more,
});

/** Gives the rule's award again and again. */
const createGiver = (programme: RulesProgramme) => {
  const rules = compileRules(programme);
  const counters = new Map<string, Counter>();
  return {
    counters,
    give: (customerId: string, at: string): Award | undefined => {
      const atMs = Date.parse(at);
      const { counted } = earnByEvent(rules, rules.birthday, { atMs }, undefined);
      if (!counted) throw new Error('the rule counts');
      const { awards, increments } = capEarned(counted, customerId, rules.periodStartsAt(atMs), counters);
      count(counters, increments);
      return awards[0];
    },
  };
};
const give = (caps: Caps, times: readonly (readonly [string, string])[], more?: Partial<RulesProgramme>) => {
  const giver = createGiver(programmeOf([grantRule(caps)], more));
  return times.map(([customerId, at]) => giver.give(customerId, at)?.points ?? 0);
};
const monthly: Cap = { limit: 70, unit: 'points', per: 'month' };

test('a cap per customer and month reduces what is over it, and starts anew', () => {
  const times = ['2026-11-01T10:00:00Z', '2026-11-02T10:00:00Z', '2026-11-03T10:00:00Z', '2026-11-30T22:59:59Z'];
  const ann = [...times, '2026-11-30T23:00:00Z'].map((at) => ['ann', at] as const);
  expect(give({ perCustomer: [monthly], beyond: 'reduce' }, ann)).toEqual([30, 30, 10, 0, 30]);
  expect(give({ perCustomer: [monthly], beyond: 'reject' }, ann)).toEqual([30, 30, 0, 0, 30]);
  expect(give({ perCustomer: [monthly], beyond: 'reduce' }, [...ann.slice(0, 3), ['bob', times[3] ?? '']])).toEqual([
    30, 30, 10, 30,
  ]);
});

test('a budget is for all', () => {
  const budget: Caps = { budget: [{ limit: 50, unit: 'points', per: 'forever' }], beyond: 'reduce' };
  const times = [
    ['ann', '2020-01-01T00:00:00Z'],
    ['bob', '2026-11-01T00:00:00Z'],
    ['cid', '2027-01-01T00:00:00Z'],
  ] as const;
  expect(give(budget, times)).toEqual([30, 20, 0]);
});

test('how often: once a day, twice a week', () => {
  const caps: Caps = {
    perCustomer: [
      { limit: 1, unit: 'awards', per: 'day' },
      { limit: 2, unit: 'awards', per: 'week' },
    ],
    beyond: 'reduce',
  };
  // Friday to Monday.
  const days = ['20T08', '20T09', '21T08', '22T08', '23T08'].map((day) => ['ann', `2026-11-${day}:00:00Z`] as const);
  expect(give(caps, days)).toEqual([30, 0, 30, 0, 30]);
  // In the Persian calendar the week begins on Saturday.
  expect(give(caps, days, { calendar: 'persian', timeZone: 'Asia/Tehran' })).toEqual([30, 0, 30, 30, 0]);
});

test('months are Jalali where the calendar is', () => {
  const caps: Caps = { perCustomer: [{ limit: 1, unit: 'awards', per: 'month' }], beyond: 'reduce' };
  // Azar 1405 begins on 22 November 2026, at 20:30 UTC of the day before.
  const times = ['2026-11-01T08:00:00Z', '2026-11-21T20:29:59Z', '2026-11-21T20:30:00Z', '2026-12-01T08:00:00Z'];
  const ann = times.map((at) => ['ann', at] as const);
  expect(give(caps, ann, { calendar: 'persian', timeZone: 'Asia/Tehran' })).toEqual([30, 0, 30, 0]);
});

test('what was taken off is told, by the tightest cap', () => {
  const caps: Caps = {
    perCustomer: [monthly],
    budget: [{ limit: 45, unit: 'points', per: 'year' }],
    beyond: 'reduce',
  };
  const giver = createGiver(programmeOf([grantRule(caps)]));
  giver.give('ann', '2026-11-01T10:00:00Z');
  const award = giver.give('ann', '2026-11-01T10:00:00Z');
  expect(explanationText(award?.explanation ?? [])).toBe(
    '15 = 30 gift − 15 over the cap of 45 points for all per year',
  );
  expect([...giver.counters.values()].sort((a, b) => (a.customerId < b.customerId ? -1 : 1))).toEqual([
    { ruleId: 'gift', customerId: '', per: 'year', startsOn: '2026-01-01', points: 45, awards: 2 },
    { ruleId: 'gift', customerId: 'ann', per: 'month', startsOn: '2026-11-01', points: 45, awards: 2 },
  ]);
});

const zone = { calendar: 'persian', timeZone: 'Asia/Tehran' } as const;
const moments = fc.array(
  fc.record({
    customerId: fc.constantFrom('ann', 'bob'),
    atMs: fc.integer({ min: Date.parse('2026-03-10T00:00:00Z'), max: Date.parse('2026-04-01T00:00:00Z') }),
    order: orderFacts,
  }),
  { maxLength: 30 },
);

/** What an explanation comes to when it is worked out from what it says; undefined where a value has no end. */
const workedOut = ([first, ...others]: Explanation, rounding: Rounding): number | undefined => {
  if (first === undefined || first.kind === 'times' || first.kind === 'cap')
    throw new Error('begins with what was given');
  const text = first.exact ?? String(first.kind === 'bonus' ? first.of : first.points);
  if (text.endsWith('…')) return undefined;
  const [whole = '', decimals = ''] = text.split('.');
  let n = BigInt(whole + decimals);
  let d = 10n ** BigInt(decimals.length);
  for (const step of [first, ...others])
    if (step.kind === 'bonus' || step.kind === 'times') {
      n *= BigInt(step.numerator);
      d *= BigInt(step.denominator);
    }
  const up = rounding === 'ceil' ? d - 1n : 0n;
  if (rounding === 'half_up') [n, d] = [2n * n + d, 2n * d];
  const taken = others.reduce((sum, step) => (step.kind === 'cap' ? sum + step.points : sum), 0);
  return Number((n + up) / d) + taken;
};

const TRIGGERS = [{ on: 'birthday' }, { on: 'purchase' }] as const;
const histories = fc.constantFrom(...TRIGGERS).chain((trigger) =>
  fc.record({
    trigger: fc.constant(trigger),
    rules: ruleLists(zone, { trigger, times: false }),
    matching: matchings,
    rounding: fc.constantFrom(...ROUNDINGS),
    rates: fc.constantFrom([], [{ currency: 'EUR', points: 3, perMinor: 70 }]),
    events: moments,
  }),
);

test('caps are never exceeded, and agree with counting everything anew', () => {
  fc.assert(
    fc.property(histories, ({ trigger, events, ...more }) => {
      const programme = programmeOf(more.rules, { ...zone, ...more });
      const compiled = compileRules(programme);
      const counters = new Map<string, Counter>();
      const given: SlowAward[] = [];
      for (const { customerId, atMs, order } of events) {
        const earned =
          trigger.on === 'birthday'
            ? earnByEvent(compiled, compiled.birthday, { atMs }, undefined)
            : earnByPurchase(compiled, { atMs, order }, undefined);
        const starts = compiled.periodStartsAt(atMs);
        const left = earned.counted && capEarned(earned.counted, customerId, starts, counters);
        count(counters, left?.increments ?? []);
        const { awards } = left ?? earned;
        const ways = slowWays(programme, trigger, trigger.on === 'birthday' ? { atMs } : { atMs, order });
        const expected = slowTaken(programme, ways, (ruleId, points) =>
          slowCap(programme, given, { ruleId, customerId, atMs, points }),
        ).map(({ ruleId, points }) => ({ ruleId, points }));
        expect(awards.map(({ ruleId, points }) => ({ ruleId, points }))).toEqual(expected);
        given.push(...expected.map((each) => ({ ...each, customerId, atMs })));
        for (const { points, explanation } of awards)
          if (explanation) {
            expect(explanation.reduce((sum, step) => sum + step.points, 0)).toBe(points);
            expect(workedOut(explanation, more.rounding) ?? points).toBe(points);
          }
      }
      for (const { ruleId, customerId, per, points, awards } of counters.values()) {
        const caps = more.rules.find(({ id }) => id === ruleId)?.caps;
        const limits = (customerId === '' ? caps?.budget : caps?.perCustomer) ?? [];
        for (const { limit, unit } of limits.filter((cap) => cap.per === per))
          expect(unit === 'points' ? points : awards).toBeLessThanOrEqual(limit);
      }
    }),
    { numRuns: 1_000 },
  );
});

const rate = [{ currency: 'EUR', points: 1, perMinor: 100 }];
const bought = (rules: EarningRule[], totals: number[], more: Partial<RulesProgramme> = {}) => {
  const compiled = compileRules(programmeOf(rules, { rates: rate, ...more }));
  const counters = new Map<string, Counter>();
  return totals.map((totalMinor) => {
    const atMs = Date.parse('2026-11-21T08:00:00Z');
    const order = { currency: 'EUR', totalMinor, lines: [] };
    const earned = earnByPurchase(compiled, { atMs, order }, undefined);
    const left = earned.counted
      ? capEarned(earned.counted, 'ann', compiled.periodStartsAt(atMs), counters)
      : { ...earned, increments: [] };
    count(counters, left.increments);
    const told = left.awards.map(({ points, explanation }) => explanationText(explanation ?? byRateAlone(points)));
    return { told, cappedAway: left.cappedAway, note: left.note };
  });
};
const rule = (more: Partial<EarningRule> & Pick<EarningRule, 'id' | 'effect'>): EarningRule => ({
  ...{ name: more.id, trigger: { on: 'purchase' }, order: 0 },
  ...more,
});
const weekend = rule({
  id: 'weekend',
  order: 5,
  effect: { kind: 'multiplier', numerator: 3, denominator: 2 },
  expiry: { kind: 'rolling', amount: 7, unit: 'days' },
});
const monthlyHundred: Caps = { perCustomer: [{ limit: 100, unit: 'points', per: 'month' }], beyond: 'reduce' };

test('a bonus has its part of what caps left of the points that it multiplies, not of what they took', () => {
  const welcome = rule({ id: 'welcome', effect: { kind: 'fixed', points: 80 }, caps: monthlyHundred });
  expect(bought([welcome, weekend], [1_000, 1_000, 1_000])).toEqual([
    { told: ['10 = 10 base', '80 = 80 welcome', '45 = 90 × 0.5 weekend'], cappedAway: [], note: null },
    {
      told: [
        '10 = 10 base',
        '20 = 80 welcome − 60 over the cap of 100 points per customer and month',
        '15 = 30 × 0.5 weekend',
      ],
      ...{ cappedAway: [], note: null },
    },
    { told: ['10 = 10 base', '5 = 10 × 0.5 weekend'], cappedAway: ['welcome'], note: null },
  ]);
  const once = { ...welcome, caps: { perOrder: 30, beyond: 'reduce' as const } };
  expect(bought([once, weekend], [1_000])[0]?.told[2]).toBe('20 = 40 × 0.5 weekend');
});

test('a bonus of nothing but what caps took away gives nothing', () => {
  const welcome = rule({ id: 'welcome', effect: { kind: 'fixed', points: 100 }, caps: monthlyHundred });
  const only = { ...weekend, effect: { ...weekend.effect, of: ['welcome'] } as EarningRule['effect'] };
  expect(bought([welcome, only], [0, 0], { rates: [] })).toEqual([
    { told: ['100 = 100 welcome', '50 = 100 × 0.5 weekend'], cappedAway: [], note: null },
    { told: [], cappedAway: ['welcome', 'weekend'], note: 'capped' },
  ]);
});

test('a rule that its caps left nothing keeps no other rule from its turn', () => {
  const welcome = rule({ id: 'welcome', effect: { kind: 'fixed', points: 100 }, caps: monthlyHundred });
  const next = rule({ id: 'next', order: 1, effect: { kind: 'fixed', points: 7 } });
  const expected = [
    { told: ['100 = 100 welcome'], cappedAway: [], note: null },
    { told: ['7 = 7 next'], cappedAway: ['welcome'], note: null },
  ];
  expect(bought([{ ...welcome, stop: true }, next], [0, 0])).toEqual(expected);
  expect(bought([welcome, next], [0, 0], { matching: 'first' })).toEqual(expected);
  // The same where no counter is needed.
  const effect = { kind: 'per_amount' as const, points: 1, perMinor: 1, currency: 'EUR' };
  const small = rule({ id: 'small', effect, stop: true, caps: { perOrder: 50, beyond: 'reject' } });
  expect(bought([small, next], [40, 51], { rates: [] })).toEqual([
    { told: ['40 = 40 small'], cappedAway: [], note: null },
    { told: ['7 = 7 next'], cappedAway: ['small'], note: null },
  ]);
});

test.each([
  ['floor', 7],
  ['half_up', 8],
  ['ceil', 8],
] as const)('what is given without an order is rounded as the programme says: %s', (rounding, points) => {
  const trigger = { on: 'birthday' as const };
  const more = rule({ id: 'more', trigger, order: 1, effect: { kind: 'multiplier', numerator: 3, denominator: 2 } });
  const rules = compileRules(programmeOf([{ ...grantRule({ beyond: 'reduce' }, 5) }, more], { rounding }));
  const earned = earnByEvent(rules, rules.birthday, { atMs: Date.parse('2026-11-21T08:00:00Z') }, undefined);
  expect(earned.awards.map((award) => award.points)).toEqual([points]);
});

test('what is not whole before it is multiplied is told as it is', () => {
  const half = rule({ id: 'half', order: 9, effect: { kind: 'multiplier', numerator: 3, denominator: 2 } });
  expect(bought([half], [150])[0]?.told).toEqual(['2 = 1.5 base × 1.5 half']);
  const third = [{ currency: 'EUR', points: 1, perMinor: 300 }];
  expect(bought([half], [1_000], { rates: third })[0]?.told).toEqual(['5 = 3.333… base × 1.5 half']);
  expect(bought([weekend], [350])[0]?.told).toEqual(['3 = 3 base', '1 = 3.5 × 0.5 weekend']);
});

const NOVEMBER = '2026-11-01';
const ofNovember = (points: number): Map<string, Counter> => {
  const counters = new Map<string, Counter>();
  count(counters, [{ ruleId: 'gift', customerId: 'ann', per: 'month', startsOn: NOVEMBER, points, awards: 3 }]);
  return counters;
};
const birthdayOf = (rules: EarningRule[], counters: Map<string, Counter>, given?: ReadonlySet<string>) => {
  const compiled = compileRules(programmeOf(rules, { matching: 'first' }));
  const atMs = Date.parse('2026-11-21T08:00:00Z');
  const { counted } = earnByEvent(compiled, compiled.birthday, { atMs }, undefined);
  if (!counted) throw new Error('the rule counts');
  const { awards, increments } = capEarned(counted, 'ann', compiled.periodStartsAt(atMs), counters, given);
  return { awards: awards.map(({ ruleId, points }) => ({ ruleId, points })), increments };
};

test('where more is counted than a cap allows by now, as it was lowered or two became one, nothing is given or taken', () => {
  const nothing = { awards: [], increments: [] };
  expect(birthdayOf([grantRule({ perCustomer: [monthly], beyond: 'reduce' })], ofNovember(90))).toEqual(nothing);
});

test('what was given before is not capped anew: it keeps other rules from their turn as it did, and is not given again', () => {
  const gift = grantRule({ perCustomer: [monthly], beyond: 'reduce' });
  const next: EarningRule = { ...grantRule({ beyond: 'reduce' }, 7), id: 'next', order: 1 };
  const full = ofNovember(70);
  expect(birthdayOf([gift, next], full).awards).toEqual([{ ruleId: 'next', points: 7 }]);
  expect(birthdayOf([gift, next], full, new Set(['gift']))).toEqual({ awards: [], increments: [] });
});

test('points that can not be counted are refused before caps are asked, also those of a rule that may get its turn by them', () => {
  const effect = { kind: 'per_amount' as const, points: 1_000_000, perMinor: 1, currency: 'EUR' };
  const fixed = { kind: 'fixed' as const, points: 100 };
  const welcome = rule({ id: 'welcome', effect: fixed, stop: true, caps: monthlyHundred });
  const rules = compileRules(programmeOf([welcome, rule({ id: 'huge', order: 1, effect })]));
  const order = { currency: 'EUR', totalMinor: 10 ** 13, lines: [] };
  const atMs = Date.parse('2026-11-21T08:00:00Z');
  expect(() => earnByPurchase(rules, { atMs, order }, undefined)).toThrow(
    expect.objectContaining({ code: 'ledger.points_out_of_range' }),
  );
});
