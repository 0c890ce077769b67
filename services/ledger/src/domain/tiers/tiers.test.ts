import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CalendarZone, dayAt, rememberPerDay } from '../calendar.ts';
import { daysNeededFrom, look, type Qualification } from './look.ts';
import { standingOf } from './standing.ts';
import { nextLookMs, type TierState } from './state.ts';
import { placeFor, placeOf, type TierStructure, tierProblems } from './structure.ts';
import { type DaySum, isoDate, lastDateHolding, sumWithin, windowOf } from './window.ts';

const tehran: CalendarZone = { calendar: 'persian', timeZone: 'Asia/Tehran' };
const berlin: CalendarZone = { calendar: 'gregorian', timeZone: 'Europe/Berlin' };

const ms = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;
const text = (value: number | null | undefined): string | null =>
  value === null || value === undefined ? null : Temporal.Instant.fromEpochMilliseconds(value).toString();

const level = (id: string, threshold: number) => ({
  id,
  name: { en: id, fa: id },
  threshold,
  benefits: { rewards: [] },
});

const structure = (changes: Partial<TierStructure> = {}): TierStructure => ({
  metric: { kind: 'points_earned' },
  window: { kind: 'calendar', period: 'year' },
  levels: [level('silver', 100), level('gold', 500), level('platinum', 2_000)],
  validity: { kind: 'windows', more: 1 },
  graceDays: 0,
  downgrade: 'one_level',
  atRiskDays: 30,
  ...changes,
});

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
    keep: { missing: 50, dueMs: gold.validUntilMs, hasUntilMs: gold.validUntilMs },
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

const periods = fc.constantFrom('month', 'quarter', 'half', 'year');
const structures = fc
  .record({
    shape: fc.oneof(
      fc.record({
        window: fc.record({ kind: fc.constant('calendar' as const), period: periods }),
        validity: fc.oneof(
          fc.record({ kind: fc.constant('windows' as const), more: fc.integer({ min: 0, max: 2 }) }),
          fc.record({ kind: fc.constant('months' as const), amount: fc.integer({ min: 1, max: 14 }) }),
          fc.record({
            kind: fc.constant('months' as const),
            amount: fc.integer({ min: 1, max: 14 }),
            roundUpTo: periods,
          }),
        ),
      }),
      fc.record({
        window: fc.record({ kind: fc.constant('rolling' as const), months: fc.integer({ min: 1, max: 14 }) }),
        validity: fc.oneof(
          fc.record({ kind: fc.constant('months' as const), amount: fc.integer({ min: 1, max: 14 }) }),
          fc.constant({ kind: 'while_earned' as const }),
        ),
      }),
    ),
    graceDays: fc.constantFrom(0, 0, 7, 60),
    downgrade: fc.constantFrom('none' as const, 'one_level' as const, 'to_earned' as const),
    neverBelow: fc.constantFrom(undefined, 'silver', 'gold'),
    lowest: fc.constantFrom(0, 100),
  })
  .map(({ shape, neverBelow, lowest, ...rest }) =>
    structure({
      ...rest,
      ...shape,
      levels: [level('silver', lowest), level('gold', 300), level('platinum', 900)],
      ...(neverBelow === undefined ? {} : { neverBelow }),
    }),
  );
const zones = fc.constantFrom(tehran, berlin);
const START = ms('2023-11-20T12:00:00Z');
const DAY_MS = 86_400_000;
/** Orders: days after the start, hour and amount. */
const orders = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1_200 }), fc.integer({ min: 1, max: 500 })), {
    minLength: 1,
    maxLength: 25,
  })
  .map((list) => list.map(([day, amount]) => ({ atMs: START + day * DAY_MS, amount })).sort((a, b) => a.atMs - b.atMs));

const dayOf = new Map(
  [tehran, berlin].map((zone) => [zone, rememberPerDay(zone, ({ date }): string => isoDate(date))]),
);
const daysUntil = (list: readonly { atMs: number; amount: number }[], nowMs: number, zone: CalendarZone): DaySum[] =>
  list.filter(({ atMs }) => atMs <= nowMs).map(({ atMs, amount }) => ({ day: dayOf.get(zone)?.(atMs) ?? '', amount }));

/** Looks at these instants; the state after the last. */
const lookAt = (
  of: TierStructure,
  zone: CalendarZone,
  list: readonly { atMs: number; amount: number }[],
  instants: readonly number[],
  then: (state: TierState | undefined, atMs: number) => void = () => undefined,
): TierState | undefined => {
  let state: TierState | undefined;
  for (const atMs of instants) {
    state = look({ structure: of, zone, days: daysUntil(list, atMs, zone) }, state, atMs);
    then(state, atMs);
  }
  return state;
};

const LAST = START + 2_000 * DAY_MS;

test('who is looked at by the due index alone has at every time what frequent looks give', () => {
  fc.assert(
    fc.property(structures, zones, orders, (of, zone, list) => {
      const first = list[0]?.atMs ?? START;
      const daily = Array.from({ length: 150 }, (_, i) => first + i * 9 * DAY_MS);
      const all = [...new Set([...daily, ...list.map(({ atMs }) => atMs)])].sort((a, b) => a - b);
      const expected = new Map<number, string | null>();
      lookAt(of, zone, list, all, (state, atMs) => expected.set(atMs, state?.tier ?? null));

      let state: TierState | undefined;
      const bought = new Set(list.map(({ atMs }) => atMs));
      for (const atMs of all) {
        const due = state ? nextLookMs(state) : null;
        if (bought.has(atMs) || (due !== null && due <= atMs))
          state = look({ structure: of, zone, days: daysUntil(list, atMs, zone) }, state, atMs);
        expect(state?.tier ?? null).toBe(expected.get(atMs));
      }
    }),
    { numRuns: 50 },
  );
});

test('nothing is below what the window is enough for, nor below the level that is never fallen below', () => {
  fc.assert(
    fc.property(structures, zones, orders, (of, zone, list) => {
      const instants = [...list.map(({ atMs }) => atMs), LAST];
      let highest = -1;
      lookAt(of, zone, list, instants, (state, atMs) => {
        const place = placeOf(of, state?.tier ?? null);
        const within = windowOf(of.window, zone, dayAt(zone, atMs).date);
        expect(place).toBeGreaterThanOrEqual(placeFor(of, sumWithin(daysUntil(list, atMs, zone), within)));
        highest = Math.max(highest, place);
        if (of.downgrade === 'none') expect(place).toBe(highest);
        const floor = placeOf(of, of.neverBelow ?? null);
        if (floor >= 0 && highest >= floor) expect(place).toBeGreaterThanOrEqual(floor);
      });
    }),
  );
});

test('to look twice changes nothing, the next look is to come, and until then nothing changes', () => {
  fc.assert(
    fc.property(structures, zones, orders, fc.integer({ min: 0, max: 1_500 }), (of, zone, list, later) => {
      const atMs = Math.max(START + later * DAY_MS, ...list.map((each) => each.atMs));
      const state = lookAt(of, zone, list, [...list.map((each) => each.atMs), atMs]);
      const qualification = { structure: of, zone, days: daysUntil(list, atMs, zone) };
      expect(look(qualification, state, atMs)).toEqual(state);
      if (!state) return;
      const nextMs = nextLookMs(state);
      if (nextMs === null) return;
      expect(nextMs).toBeGreaterThan(atMs);
      expect(look(qualification, state, nextMs - 1)).toEqual(state);
    }),
  );
});

test('only days from the day on that is asked for are needed', () => {
  fc.assert(
    fc.property(structures, zones, orders, fc.integer({ min: 0, max: 400 }), (of, zone, list, later) => {
      const state = lookAt(of, zone, list, [list[0]?.atMs ?? START]);
      const atMs = (list.at(-1)?.atMs ?? START) + later * DAY_MS;
      const all = daysUntil(list, atMs, zone);
      const from = daysNeededFrom({ structure: of, zone }, state, atMs);
      const some = all.filter(({ day }) => day >= from);
      expect(look({ structure: of, zone, days: some }, state, atMs)).toEqual(
        look({ structure: of, zone, days: all }, state, atMs),
      );
      expect(standingOf({ structure: of, zone, days: some }, state, atMs)).toEqual(
        standingOf({ structure: of, zone, days: all }, state, atMs),
      );
    }),
  );
});

test('what counts more never gives less', () => {
  fc.assert(
    fc.property(structures, zones, orders, fc.nat(), fc.integer({ min: 1, max: 500 }), (of, zone, list, n, amount) => {
      const first = list[0]?.atMs ?? START;
      const state = lookAt(of, zone, list, [first]);
      const atMs = list.at(-1)?.atMs ?? START;
      const all = daysUntil(list, atMs, zone);
      const more = all.map((each, i) => (i === n % all.length ? { ...each, amount: each.amount + amount } : each));
      const tierOf = (counted: DaySum[]) =>
        placeOf(of, look({ structure: of, zone, days: counted }, state, atMs)?.tier ?? null);
      expect(tierOf(more)).toBeGreaterThanOrEqual(tierOf(all));
    }),
  );
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
