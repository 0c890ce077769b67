import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Activation, activationProblems, createActivationOf } from './activation.ts';
import { type CalendarZone, PERIODS } from './calendar.ts';

const tehran: CalendarZone = { calendar: 'persian', timeZone: 'Asia/Tehran' };
const berlin: CalendarZone = { calendar: 'gregorian', timeZone: 'Europe/Berlin' };

const ms = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;
const atOf = (activation: Activation, zone: CalendarZone): ((atMs: number) => number) => {
  const activationOf = createActivationOf(activation, zone);
  return (atMs) => {
    const activates = activationOf(atMs);
    if (activates.kind !== 'at') throw new Error(`points activate ${activates.kind}`);
    return activates.activatesAtMs;
  };
};
const textOf = (activation: Activation, zone: CalendarZone, at: string): string =>
  Temporal.Instant.fromEpochMilliseconds(atOf(activation, zone)(ms(at))).toString();

test('at once is at once', () => {
  expect(createActivationOf({ kind: 'immediate' }, tehran)(0)).toEqual({ kind: 'at_once' });
});

test.each<[Activation, string, string]>([
  [{ kind: 'after', amount: 36, unit: 'hours' }, '2026-11-21T10:00:00Z', '2026-11-22T22:00:00Z'],
  [{ kind: 'after', amount: 14, unit: 'days' }, '2026-11-21T10:00:00.123Z', '2026-12-05T10:00:00.123Z'],
  // 1 Mehr 1405 at 00:00 is when 31 Shahrivar ends.
  [{ kind: 'after', amount: 1, unit: 'hours', roundUpTo: 'month' }, '2026-09-22T12:00:00Z', '2026-09-22T20:30:00Z'],
  [{ kind: 'after', amount: 1, unit: 'hours', roundUpTo: 'month' }, '2026-09-22T19:30:00Z', '2026-09-22T20:30:00Z'],
  [{ kind: 'after', amount: 1, unit: 'hours', roundUpTo: 'month' }, '2026-09-22T19:30:00.001Z', '2026-10-22T20:30:00Z'],
  [{ kind: 'after', amount: 2, unit: 'days', roundUpTo: 'day' }, '2026-11-21T10:00:00Z', '2026-11-23T20:30:00Z'],
  // 21 November 2026 is a Saturday, on which Iranian weeks begin.
  [{ kind: 'after', amount: 1, unit: 'days', roundUpTo: 'week' }, '2026-11-21T10:00:00Z', '2026-11-27T20:30:00Z'],
  [{ kind: 'after', amount: 1, unit: 'days', roundUpTo: 'year' }, '2026-11-21T10:00:00Z', '2027-03-20T20:30:00Z'],
  [{ kind: 'after', amount: 1, unit: 'months' }, '2026-11-21T10:00:00Z', '2026-12-21T10:00:00Z'],
  // 31 Shahrivar 1405 and a month: the end of 30 Mehr, not earlier than what 30 Shahrivar gives.
  [{ kind: 'after', amount: 1, unit: 'months' }, '2026-09-22T05:00:00Z', '2026-10-22T20:29:59.999Z'],
  [{ kind: 'after', amount: 1, unit: 'months' }, '2026-09-21T20:29:59Z', '2026-10-22T20:29:59Z'],
  [{ kind: 'on_dates', dates: [{ month: 1, day: 1 }] }, '2026-11-21T10:00:00Z', '2027-03-20T20:30:00Z'],
  [{ kind: 'on_dates', dates: [{ month: 1, day: 1 }] }, '2027-03-20T20:30:00Z', '2027-03-20T20:30:00Z'],
  [{ kind: 'on_dates', dates: [{ month: 1, day: 1 }] }, '2027-03-20T20:30:00.001Z', '2028-03-19T20:30:00Z'],
])('%j: earned at %s, active at %s', (activation, earned, active) => {
  expect(textOf(activation, tehran, earned)).toBe(active);
});

test('a day later is as long after the start of the next day, but still on it', () => {
  const nextDay: Activation = { kind: 'after', amount: 1, unit: 'days' };
  expect(textOf(nextDay, berlin, '2026-03-28T11:00:00Z')).toBe('2026-03-29T11:00:00Z');
  expect(textOf(nextDay, berlin, '2026-10-25T22:59:59.999Z')).toBe('2026-10-26T22:59:59.999Z');
});

test('points that wait for something are cancelled at the end of a day', () => {
  const activationOf = createActivationOf(
    { kind: 'on_event', interactionType: 'parcel.received', cancelAfterDays: 30 },
    tehran,
  );
  expect(activationOf(ms('2026-11-21T10:00:00Z'))).toEqual({
    kind: 'on_event',
    interactionType: 'parcel.received',
    cancelAtMs: ms('2026-12-21T20:29:59.999Z'),
  });
});

const timed = fc.oneof(
  fc
    .record({
      amount: fc.integer({ min: 1, max: 100 }),
      unit: fc.constantFrom('hours' as const, 'days' as const, 'months' as const),
      roundUpTo: fc.constantFrom(undefined, ...PERIODS),
    })
    .map(({ roundUpTo, ...time }): Activation => ({ kind: 'after', ...time, ...(roundUpTo ? { roundUpTo } : {}) })),
  fc
    .array(fc.record({ month: fc.integer({ min: 1, max: 12 }), day: fc.integer({ min: 1, max: 30 }) }), {
      minLength: 1,
      maxLength: 20,
    })
    .map((dates): Activation => ({ kind: 'on_dates', dates })),
);
const zones = fc.constantFrom<CalendarZone>(
  tehran,
  berlin,
  { calendar: 'persian', timeZone: 'America/St_Johns' },
  { calendar: 'gregorian', timeZone: 'America/Havana' },
);

test('points never become active before they are earned, nor earlier than what was earned before', () => {
  const instants = fc.integer({ min: ms('1990-01-01T00:00:00Z'), max: ms('2050-01-01T00:00:00Z') });
  fc.assert(
    fc.property(zones, timed, instants, fc.integer({ min: 0, max: 260_000_000 }), (zone, activation, at, later) => {
      const activeAt = atOf(activation, zone);
      expect(activeAt(at)).toBeGreaterThanOrEqual(at);
      expect(activeAt(at + later)).toBeGreaterThanOrEqual(activeAt(at));
    }),
    { numRuns: 500 },
  );
});

test('what is rounded to the start of a period stays there', () => {
  const instants = fc.integer({ min: ms('1990-01-01T00:00:00Z'), max: ms('2050-01-01T00:00:00Z') });
  fc.assert(
    fc.property(zones, instants, fc.constantFrom(...PERIODS), (zone, at, roundUpTo) => {
      const activeAt = atOf({ kind: 'after', amount: 1, unit: 'hours', roundUpTo }, zone);
      const rounded = activeAt(at);
      expect(activeAt(rounded - 3_600_000)).toBe(rounded);
    }),
  );
});

test('a policy that is not as it should be is told of by field', () => {
  const problemsOf = (activation: Activation) => activationProblems(activation, tehran, '/activation');
  expect(problemsOf({ kind: 'immediate' })).toEqual([]);
  expect(problemsOf({ kind: 'after', amount: 120, unit: 'months' })).toEqual([]);
  expect(problemsOf({ kind: 'after', amount: 121, unit: 'months' })).toEqual([
    { path: '/activation/amount', message: 'must be 1 to 120 months' },
  ]);
  expect(problemsOf({ kind: 'after', amount: 0, unit: 'hours' })).toMatchObject([{ path: '/activation/amount' }]);
  expect(problemsOf({ kind: 'on_dates', dates: [{ month: 12, day: 31 }] })).toEqual([
    { path: '/activation/dates/0/day', message: 'is no day of the month: 1 to 30' },
  ]);
  expect(problemsOf({ kind: 'on_event', interactionType: 'x', cancelAfterDays: 3_651 })).toEqual([
    { path: '/activation/cancelAfterDays', message: 'must be 1 to 3650 days' },
  ]);
  // No interaction could be of such a type: the points would wait in vain.
  for (const interactionType of ['Delivered', 'parcel delivered', 'parcel.', 'x'.repeat(65)])
    expect(problemsOf({ kind: 'on_event', interactionType, cancelAfterDays: 30 })).toMatchObject([
      { path: '/activation/interactionType' },
    ]);
});
