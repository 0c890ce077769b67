import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ruleLists } from '../../test/rules.fixture.ts';
import { type SlowAward, slowCap } from '../../test/slow-rules.fixture.ts';
import { type Counter, capAward, count } from './caps.ts';
import { compileRules, type RulesProgramme } from './compile.ts';
import { type Award, earnByEvent } from './evaluate.ts';
import { explanationText } from './explanation.ts';
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
      const [award] = earnByEvent(rules, rules.birthday, { atMs }, undefined);
      if (!award) throw new Error('the rule gives');
      const { award: left, increments } = capAward(award, customerId, rules.periodStartsAt(atMs), counters);
      count(counters, increments);
      return left;
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
    { ruleId: 'gift', customerId: '*', per: 'year', startsOn: '2026-01-01', points: 45, awards: 2 },
    { ruleId: 'gift', customerId: 'ann', per: 'month', startsOn: '2026-11-01', points: 45, awards: 2 },
  ]);
});

const zone = { calendar: 'persian', timeZone: 'Asia/Tehran' } as const;
const moments = fc.array(
  fc.record({
    customerId: fc.constantFrom('ann', 'bob'),
    atMs: fc.integer({ min: Date.parse('2026-03-10T00:00:00Z'), max: Date.parse('2026-04-01T00:00:00Z') }),
  }),
  { maxLength: 30 },
);

test('caps are never exceeded, and agree with counting everything anew', () => {
  const birthdays = ruleLists(zone, { trigger: { on: 'birthday' }, times: false });
  fc.assert(
    fc.property(birthdays, moments, (rules, events) => {
      const programme = programmeOf(rules, zone);
      const compiled = compileRules(programme);
      const counters = new Map<string, Counter>();
      const given: SlowAward[] = [];
      for (const { customerId, atMs } of events)
        for (const award of earnByEvent(compiled, compiled.birthday, { atMs }, undefined)) {
          const wanted = { ruleId: award.ruleId, customerId, atMs, points: award.points };
          const starts = compiled.periodStartsAt(atMs);
          const { award: left, increments } = capAward(award, customerId, starts, counters);
          expect(left?.points ?? 0).toBe(slowCap(programme, given, wanted));
          expect(increments.every(({ points, awards }) => points === left?.points && awards === 1)).toBe(true);
          const steps = left?.explanation ?? [];
          expect(steps.reduce((sum, { points }) => sum + points, 0)).toBe(left?.points ?? 0);
          count(counters, increments);
          if (left) given.push({ ...wanted, points: left.points });
        }
      for (const { ruleId, customerId, per, points, awards } of counters.values()) {
        const caps = rules.find(({ id }) => id === ruleId)?.caps;
        const limits = (customerId === '*' ? caps?.budget : caps?.perCustomer) ?? [];
        for (const { limit, unit } of limits.filter((cap) => cap.per === per))
          expect(unit === 'points' ? points : awards).toBeLessThanOrEqual(limit);
      }
    }),
    { numRuns: 500 },
  );
});
