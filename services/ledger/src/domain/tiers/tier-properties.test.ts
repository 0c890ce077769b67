import fc from 'fast-check';
import { expect, test } from 'vitest';
import { berlin, level, ms, structure, tehran } from '../../test/tiers.fixture.ts';
import { type CalendarZone, dayAt, rememberPerDay } from '../calendar.ts';
import { daysNeededByAll, daysNeededFrom, look } from './look.ts';
import { standingOf } from './standing.ts';
import { nextLookMs, type TierState } from './state.ts';
import { placeFor, placeOf, type TierStructure } from './structure.ts';
import { type DaySum, isoDate, sumWithin, windowOf } from './window.ts';

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

/** Days that are told of late: those of some orders, or all. */
const told = fc.oneof(fc.constant('all' as const), fc.array(fc.nat(), { maxLength: 3 }));
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
    fc.property(structures, zones, orders, fc.integer({ min: 0, max: 400 }), told, (of, zone, list, later, late) => {
      const state = lookAt(of, zone, list, [list[0]?.atMs ?? START]);
      const atMs = (list.at(-1)?.atMs ?? START) + later * DAY_MS;
      const all = daysUntil(list, atMs, zone);
      const toldOf = late === 'all' ? late : late.map((n) => all[n % all.length]?.day ?? '');
      const from = daysNeededFrom({ structure: of, zone }, state, atMs, toldOf);
      // What is kept for all is enough for each, from when it is due to be looked at.
      const dueMs = (state && nextLookMs(state)) ?? atMs;
      expect(daysNeededByAll({ structure: of, zone }, Math.min(dueMs, atMs)) <= from).toBe(true);
      const some = all.filter(({ day }) => day >= from);
      expect(look({ structure: of, zone, days: some }, state, atMs, toldOf)).toEqual(
        look({ structure: of, zone, days: all }, state, atMs, toldOf),
      );
      expect(standingOf({ structure: of, zone, days: some }, state, atMs)).toEqual(
        standingOf({ structure: of, zone, days: all }, state, atMs),
      );
    }),
    { numRuns: 300 },
  );
});

/** Where validity ends with the window after at the latest, it does not matter which window a tier was had from. */
const alone = structures.filter(({ validity }) => validity.kind === 'windows' && validity.more < 2);

test('whose whole history is told at once has what the windows that still run would have given in time', () => {
  fc.assert(
    fc.property(alone, zones, orders, fc.integer({ min: 0, max: 400 }), (drawn, zone, list, later) => {
      const of: TierStructure = drawn.downgrade === 'none' ? drawn : { ...drawn, downgrade: 'to_earned', graceDays: 0 };
      const atMs = (list.at(-1)?.atMs ?? START) + later * DAY_MS;
      const inTime = lookAt(of, zone, list, [...list.map((each) => each.atMs), atMs]);
      const qualification = { structure: of, zone, days: daysUntil(list, atMs, zone) };
      const atOnce = look(qualification, undefined, atMs, 'all');
      expect(atOnce?.tier ?? null).toBe(inTime?.tier ?? null);
      for (let afterMs = atMs; afterMs < atMs + 500 * DAY_MS; afterMs += 20 * DAY_MS) {
        const tierThen = (state: TierState | undefined) => look(qualification, state, afterMs)?.tier ?? null;
        expect(tierThen(atOnce)).toBe(tierThen(inTime));
      }
    }),
    { numRuns: 300 },
  );
});

test('who was told of in time has nothing more of it when everybody is counted anew', () => {
  fc.assert(
    fc.property(alone, zones, orders, fc.integer({ min: 0, max: 60 }), (of, zone, list, later) => {
      const atMs = (list.at(-1)?.atMs ?? START) + later * DAY_MS;
      const instants = [...list.map((each) => each.atMs), atMs];
      const state = lookAt(of, zone, list, instants);
      expect(look({ structure: of, zone, days: daysUntil(list, atMs, zone) }, state, atMs, 'all')).toEqual(state);
    }),
    { numRuns: 300 },
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

test('whoever buys what is missing, from when it counts and by when it is due, keeps the tier', () => {
  fc.assert(
    fc.property(structures, zones, orders, fc.integer({ min: 0, max: 400 }), (of, zone, list, later) => {
      const atMs = (list.at(-1)?.atMs ?? START) + later * DAY_MS;
      const state = lookAt(of, zone, list, [...list.map((each) => each.atMs), atMs]);
      const days = daysUntil(list, atMs, zone);
      const { keep } = standingOf({ structure: of, zone, days }, state, atMs);
      if (!keep || keep.missing === 0) return;
      const { missing, fromMs, dueMs } = keep;
      expect(dueMs).toBeGreaterThanOrEqual(atMs);
      const place = placeOf(of, state?.tier ?? null);
      const placeThen = (more: readonly { atMs: number; amount: number }[]) =>
        placeOf(
          of,
          look({ structure: of, zone, days: daysUntil([...list, ...more], dueMs + 1, zone) }, state, dueMs + 1)?.tier ??
            null,
        );
      if ((fromMs ?? atMs) > dueMs) {
        expect(placeThen([])).toBeLessThan(place);
        return;
      }
      for (const when of [fromMs ?? atMs, dueMs])
        expect(placeThen([{ atMs: when, amount: missing }])).toBeGreaterThanOrEqual(place);
    }),
    { numRuns: 300 },
  );
});
