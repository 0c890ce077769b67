import { expect, test } from 'vitest';
import { berlin, level, ms, structure, tehran } from '../../test/tiers.fixture.ts';
import { dayAt } from '../calendar.ts';
import { look, type Qualification } from './look.ts';
import { standingOf } from './standing.ts';
import { nextLookMs, type TierState } from './state.ts';
import { type TierStructure, tierProblems } from './structure.ts';
import { type DaySum, isoDate, lastDateHolding } from './window.ts';

const text = (value: number | null | undefined): string | null =>
  value === null || value === undefined ? null : Temporal.Instant.fromEpochMilliseconds(value).toString();

const days = (...list: [string, number][]): DaySum[] => list.map(([day, amount]) => ({ day, amount }));
const having = (of: TierStructure, list: DaySum[], zone = tehran): Qualification => ({
  structure: of,
  zone,
  days: list,
});
const tierAt = (qualification: Qualification, state: TierState | undefined, at: string) =>
  look(qualification, state, ms(at));

test('a tier is reached at once, and kept to the end of the solar Hijri year after', () => {
  // 20 Azar 1402; 1403 is a leap year and ends with 30 Esfand, 20 March 2025.
  const silver = tierAt(having(structure(), days(['2023-12-11', 100])), undefined, '2023-12-11T08:30:00Z');
  expect(silver).toEqual({
    tier: 'silver',
    sinceMs: ms('2023-12-11T08:30:00Z'),
    validUntilMs: ms('2025-03-20T20:29:59.999Z'),
    graceUntilMs: null,
  });
  expect(tierAt(having(structure(), days(['2023-12-11', 99])), undefined, '2023-12-11T08:30:00Z')).toBeUndefined();
  // A year later it would have been 29 Esfand 1404.
  const later = tierAt(having(structure(), days(['2024-12-11', 100])), undefined, '2024-12-11T08:30:00Z');
  expect(text(later?.validUntilMs)).toBe('2026-03-20T20:29:59.999Z');
});

test('sums begin anew with the solar Hijri year', () => {
  // 30 Esfand 1403 and 1 Farvardin 1404.
  const apart = having(structure(), days(['2025-03-20', 60], ['2025-03-21', 60]));
  expect(tierAt(apart, undefined, '2025-03-21T08:30:00Z')).toBeUndefined();
  const together = having(structure(), days(['2025-03-19', 60], ['2025-03-20', 60]));
  expect(tierAt(together, undefined, '2025-03-20T20:29:59.999Z')?.tier).toBe('silver');
});

const gold: TierState = {
  tier: 'gold',
  sinceMs: ms('2024-01-01T00:00:00Z'),
  validUntilMs: ms('2025-03-20T20:29:59.999Z'),
  graceUntilMs: null,
};

test.each<[string, Partial<TierStructure>, [string, number][], string | null, string | null, string]>([
  ['was reached again', {}, [['2024-06-01', 500]], 'gold', '2026-03-20T20:29:59.999Z', '2024-01-01T00:00:00Z'],
  ['falls one level', {}, [], 'silver', '2026-03-20T20:29:59.999Z', '2025-03-20T20:30:00Z'],
  ['falls to none', { downgrade: 'to_earned' }, [], null, null, '2025-03-20T20:30:00Z'],
  [
    'falls to what was earned',
    { downgrade: 'to_earned' },
    [['2024-06-01', 499]],
    'silver',
    '2026-03-20T20:29:59.999Z',
    '2025-03-20T20:30:00Z',
  ],
  ['never falls', { downgrade: 'none' }, [], 'gold', null, '2024-01-01T00:00:00Z'],
  ['never falls below itself', { neverBelow: 'gold' }, [], 'gold', null, '2024-01-01T00:00:00Z'],
  [
    'never falls below silver',
    { downgrade: 'to_earned', neverBelow: 'silver' },
    [],
    'silver',
    null,
    '2025-03-20T20:30:00Z',
  ],
])('at the end of its validity a tier %s', (_, changes, list, tier, validUntil, since) => {
  const qualification = having(structure(changes), days(...list));
  // In the last millisecond of 30 Esfand 1403 nothing has happened yet.
  expect(tierAt(qualification, gold, '2025-03-20T20:29:59.999Z')?.tier).toBe('gold');
  const state = tierAt(qualification, gold, '2025-03-20T20:30:00Z');
  expect([state?.tier, text(state?.validUntilMs), text(state?.sinceMs)]).toEqual([tier, validUntil, since]);
});

test('whoever is not looked at for years has lost what was to be lost', () => {
  const state = tierAt(having(structure(), []), gold, '2030-06-01T00:00:00Z');
  // gold to the end of 1403, silver to the end of 1404.
  expect([state?.tier, text(state?.sinceMs)]).toEqual([null, '2026-03-20T20:30:00Z']);
});

test('what is dated into the next window of the calendar reaches a tier there, at once', () => {
  const monthly = structure({ window: { kind: 'calendar', period: 'month' }, validity: { kind: 'windows', more: 0 } });
  const at = (list: DaySum[], state?: TierState) =>
    tierAt(having(monthly, list, berlin), state, '2026-11-30T22:55:00Z');
  const december = { sinceMs: ms('2026-11-30T22:55:00Z'), validUntilMs: ms('2026-12-31T22:59:59.999Z') };
  const silver = at(days(['2026-11-30', 60], ['2026-12-01', 100]));
  expect(silver).toMatchObject({ tier: 'silver', ...december });
  expect(at(days(['2026-11-30', 60], ['2026-12-01', 60]))).toBeUndefined();
  // What is enough in both is of the open one, and kept when it ends.
  const both = days(['2026-11-30', 100], ['2026-12-01', 100]);
  expect(at(both)).toMatchObject({ tier: 'silver', validUntilMs: ms('2026-11-30T22:59:59.999Z') });
  expect(tierAt(having(monthly, both, berlin), at(both), '2026-12-01T08:00:00Z')).toMatchObject(december);
  expect(at(days(['2026-11-30', 100], ['2026-12-01', 500]), silver)).toMatchObject({ tier: 'gold', ...december });
});

test('in the grace days the tier is had, and can be kept', () => {
  const of = structure({ graceDays: 10 });
  const before = days(['2024-06-01', 450]);
  const graced = tierAt(having(of, before), gold, '2025-03-21T08:00:00Z');
  expect(graced).toEqual({ ...gold, graceUntilMs: ms('2025-03-30T20:29:59.999Z') });
  expect(nextLookMs(graced as TierState)).toBe(ms('2025-03-30T20:30:00Z'));
  const enough = [...before, ...days(['2025-03-29', 50])];
  expect(tierAt(having(of, enough), graced, '2025-03-29T08:00:00Z')).toEqual({
    ...gold,
    validUntilMs: ms('2026-03-20T20:29:59.999Z'),
  });
  const late = [...before, ...days(['2025-03-31', 50])];
  expect(tierAt(having(of, late), graced, '2025-03-31T08:00:00Z')).toMatchObject({
    tier: 'silver',
    sinceMs: ms('2025-03-30T20:30:00Z'),
  });
});

test('a tier that lasts for its window alone is lost with it', () => {
  const monthly = structure({
    window: { kind: 'calendar', period: 'month' },
    validity: { kind: 'windows', more: 0 },
    downgrade: 'to_earned',
  });
  // Mehr 1404: 23 September to 22 October.
  const list = days(['2025-09-30', 120]);
  const state = tierAt(having(monthly, list), undefined, '2025-09-30T08:00:00Z');
  expect(text(state?.validUntilMs)).toBe('2025-10-22T20:29:59.999Z');
  expect(tierAt(having(monthly, list), state, '2025-10-22T20:30:00Z')?.tier).toBeNull();
});

test('a rolling window keeps a tier as long as it holds enough', () => {
  const rolling = structure({
    window: { kind: 'rolling', months: 3 },
    validity: { kind: 'while_earned' },
    downgrade: 'to_earned',
  });
  const list = days(['2025-01-10', 60], ['2025-02-20', 60]);
  const state = tierAt(having(rolling, list, berlin), undefined, '2025-02-20T12:00:00Z');
  // 10 January is in the window to the end of 9 April.
  expect([state?.tier, text(state?.validUntilMs)]).toEqual(['silver', '2025-04-09T21:59:59.999Z']);
  const more = [...list, ...days(['2025-04-01', 45])];
  const looked = tierAt(having(rolling, more, berlin), state, '2025-04-09T22:00:00Z');
  // 20 February leaves on 20 May.
  expect([looked?.tier, text(looked?.validUntilMs)]).toEqual(['silver', '2025-05-19T21:59:59.999Z']);
  expect(tierAt(having(rolling, more, berlin), looked, '2025-05-19T22:00:00Z')?.tier).toBeNull();
});

test.each([
  // 31 Shahrivar 1403: a month later is 30 Mehr, of whose window 31 Shahrivar is still a part.
  [tehran, '2024-09-21', 1, '2024-10-21'],
  [tehran, '2024-09-20', 1, '2024-10-20'],
  [berlin, '2024-01-31', 1, '2024-02-29'],
  [berlin, '2024-02-29', 12, '2025-02-28'],
  [berlin, '2024-03-15', 3, '2024-06-14'],
])('a window of months ends with the day before the same date %#', (zone, day, months, last) => {
  const date = dayAt(zone, ms(`${day}T12:00:00Z`)).date;
  const until = lastDateHolding(months, zone, days([day, 1]), date, 1);
  expect(until && isoDate(until)).toBe(last);
});

test('validity of months is counted from when the tier was reached, to the end of a period if rounded', () => {
  const of = structure({ validity: { kind: 'months', amount: 6, roundUpTo: 'quarter' } });
  // 31 Shahrivar 1403 and 6 months: 30 Esfand 1403, the end of a quarter.
  const state = tierAt(having(of, days(['2024-09-21', 100])), undefined, '2024-09-21T08:00:00Z');
  expect(text(state?.validUntilMs)).toBe('2025-03-20T20:29:59.999Z');
});

test('a tier that is no more goes to what the window is enough for', () => {
  const bronze: TierState = { ...gold, tier: 'bronze' };
  expect(tierAt(having(structure(), days(['2024-12-01', 100])), bronze, '2024-12-02T08:00:00Z')).toMatchObject({
    tier: 'silver',
    sinceMs: ms('2024-12-02T08:00:00Z'),
  });
  expect(tierAt(having(structure(), []), bronze, '2024-12-02T08:00:00Z')).toMatchObject({
    tier: null,
    validUntilMs: null,
  });
});

test('tells what is missing and who is at risk', () => {
  const list = days(['2024-06-01', 450]);
  const at = (when: string, state: TierState | null = gold) =>
    standingOf(having(structure(), list), state ?? undefined, ms(when));
  expect(at('2024-07-01T00:00:00Z')).toEqual({
    level: structure().levels[1],
    amount: 450,
    window: { first: '2024-03-20', last: '2025-03-20' },
    next: { level: structure().levels[2], missing: 1_550 },
    keep: { missing: 50, fromMs: null, dueMs: gold.validUntilMs, hasUntilMs: gold.validUntilMs },
    atRisk: false,
  });
  // 30 days before 30 Esfand is 30 Bahman.
  expect(at('2025-02-17T20:29:59.999Z').atRisk).toBe(false);
  expect(at('2025-02-17T20:30:00Z').atRisk).toBe(true);
  expect(at('2024-07-01T00:00:00Z', null)).toMatchObject({ level: null, next: { missing: 0 }, keep: null });
  const enough = having(structure(), [...list, ...days(['2025-01-01', 50])]);
  expect(standingOf(enough, gold, ms('2025-03-20T08:00:00Z'))).toMatchObject({
    keep: { missing: 0, dueMs: gold.validUntilMs, hasUntilMs: ms('2026-03-20T20:29:59.999Z') },
    atRisk: false,
  });
});

test.each<[string, Partial<TierStructure>, [from: string, until: string]]>([
  // 20 March 2025 is the last day of 1403; 60 days later it is lost, and risk begins 30 before that.
  ['grace that is longer', { graceDays: 60 }, ['2025-04-18T20:30:00Z', '2025-05-19T20:29:59.999Z']],
  ['grace that is shorter', { graceDays: 10 }, ['2025-02-27T20:30:00Z', '2025-03-30T20:29:59.999Z']],
  // Everybody begins it with nothing.
  [
    'a window that begins when validity ends',
    { window: { kind: 'calendar', period: 'year' }, validity: { kind: 'windows', more: 0 }, graceDays: 60 },
    ['2025-04-18T20:30:00Z', '2025-05-19T20:29:59.999Z'],
  ],
])(
  'at risk is who would lose the tier within so many days, not who has just begun anew: %s',
  (_, more, [from, until]) => {
    const qualification = having(structure(more), days(['2024-06-01', 450]));
    const at = (whenMs: number) => standingOf(qualification, look(qualification, gold, whenMs), whenMs);
    expect(at(ms(from) - 1)).toMatchObject({ level: { id: 'gold' }, atRisk: false });
    expect(at(ms(from))).toMatchObject({ level: { id: 'gold' }, atRisk: true, keep: { dueMs: ms(until) } });
    expect(at(ms(until))).toMatchObject({ level: { id: 'gold' }, atRisk: true });
    expect(at(ms(until) + 1)).toMatchObject({ level: { id: 'silver' }, atRisk: false });
  },
);

const MONTHLY = { window: { kind: 'calendar', period: 'month' } } as const;
/** Gold in Berlin's December, by the 20th. */
const keepBy = (of: TierStructure, list: DaySum[]) => {
  const qualification = having(of, list, berlin);
  const at = '2026-12-20T12:00:00Z';
  const { keep } = standingOf(qualification, tierAt(qualification, undefined, at), ms(at));
  return keep && [keep.missing, text(keep.fromMs), text(keep.dueMs)];
};

test.each<[string, Partial<TierStructure>, [string, number][], ReturnType<typeof keepBy>]>([
  [
    'the next window decides, up to the end of the grace',
    { ...MONTHLY, validity: { kind: 'windows', more: 0 }, graceDays: 5 },
    [['2026-12-12', 1_000]],
    [500, '2026-12-31T23:00:00Z', '2027-01-05T22:59:59.999Z'],
  ],
  [
    'what is in it already is not missing',
    { ...MONTHLY, validity: { kind: 'windows', more: 0 }, graceDays: 5 },
    [
      ['2026-12-12', 500],
      ['2027-01-01', 200],
    ],
    [300, '2026-12-31T23:00:00Z', '2027-01-05T22:59:59.999Z'],
  ],
  [
    'without grace it is lost before the window that would decide begins',
    { ...MONTHLY, validity: { kind: 'windows', more: 0 } },
    [['2026-12-12', 500]],
    [500, '2026-12-31T23:00:00Z', '2026-12-31T22:59:59.999Z'],
  ],
  [
    'the last window of its validity decides',
    { ...MONTHLY, validity: { kind: 'windows', more: 1 } },
    [['2026-12-12', 900]],
    [500, '2026-12-31T23:00:00Z', '2027-01-31T22:59:59.999Z'],
  ],
  [
    'a rolling window that holds today counts already',
    { window: { kind: 'rolling', months: 3 }, validity: { kind: 'months', amount: 1 }, graceDays: 2 },
    [['2026-12-12', 500]],
    [0, null, '2027-01-22T22:59:59.999Z'],
  ],
])('what keeps a tier: %s', (_, changes, list, expected) => {
  expect(keepBy(structure(changes), days(...list))).toEqual(expected);
});

test('a structure that is not as it should be is told of by field', () => {
  const problemsOf = (changes: Partial<TierStructure>) => tierProblems(structure(changes), tehran, '/tiers');
  expect(problemsOf({})).toEqual([]);
  expect(problemsOf({ levels: [] })).toEqual([{ path: '/tiers/levels', message: 'needs a level at least' }]);
  expect(problemsOf({ levels: [level('a', 10), level('a', 10)] }).map(({ path }) => path)).toEqual([
    '/tiers/levels/1/id',
    '/tiers/levels/1/threshold',
  ]);
  const sliding = {
    kind: 'sliding',
    amount: 1,
    unit: 'years',
    activities: ['purchase'],
    interactionTypes: [],
  } as const;
  const odd = {
    ...level('a', 1),
    benefits: { rewards: [], expiry: { ...sliding, activities: [...sliding.activities], interactionTypes: [] } },
  };
  expect(problemsOf({ levels: [odd] })).toMatchObject([{ path: '/tiers/levels/0/benefits/expiry/kind' }]);
  expect(problemsOf({ neverBelow: 'diamond' })).toEqual([{ path: '/tiers/neverBelow', message: 'is no level' }]);
  expect(problemsOf({ validity: { kind: 'while_earned' } })).toMatchObject([{ path: '/tiers/validity/kind' }]);
  expect(problemsOf({ window: { kind: 'rolling', months: 3 } })).toMatchObject([{ path: '/tiers/validity/kind' }]);
  expect(problemsOf({ window: { kind: 'rolling', months: 3 }, validity: { kind: 'while_earned' } })).toEqual([]);
});
