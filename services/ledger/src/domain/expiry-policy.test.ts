import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CalendarZone, endOfPeriodMs } from './calendar.ts';
import {
  createExpiryOf,
  EXPIRY_ROUNDINGS,
  type Expiry,
  expiryAfterDays,
  expiryProblems,
  mostMonthsOf,
  ruleExpiryProblems,
} from './expiry-policy.ts';

const tehran: CalendarZone = { calendar: 'persian', timeZone: 'Asia/Tehran' };
const berlin: CalendarZone = { calendar: 'gregorian', timeZone: 'Europe/Berlin' };

const ms = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;
const text = (value: number | null): string | null =>
  value === null ? null : Temporal.Instant.fromEpochMilliseconds(value).toString();

/** Noon in Tehran of a day given as ISO date. */
const noon = (date: string): number => ms(`${date}T08:30:00Z`);

test.each<[string, Expiry, string, string]>([
  // 10 Mehr 1403 and 6 months: 10 Farvardin 1404, whose month ends on the 31st, quarter with Khordad, half with Shahrivar.
  ['no rounding', { kind: 'rolling', amount: 6, unit: 'months' }, '2024-10-01', '2025-03-30'],
  ['month', { kind: 'rolling', amount: 6, unit: 'months', roundUpTo: 'month' }, '2024-10-01', '2025-04-20'],
  ['quarter', { kind: 'rolling', amount: 6, unit: 'months', roundUpTo: 'quarter' }, '2024-10-01', '2025-06-21'],
  ['half', { kind: 'rolling', amount: 6, unit: 'months', roundUpTo: 'half' }, '2024-10-01', '2025-09-22'],
  ['year', { kind: 'rolling', amount: 6, unit: 'months', roundUpTo: 'year' }, '2024-10-01', '2026-03-20'],
  // 15 Esfand 1402 and a year is in Esfand 1403, which has 30 days: leap.
  ['leap year', { kind: 'rolling', amount: 1, unit: 'years', roundUpTo: 'month' }, '2024-03-05', '2025-03-20'],
  ['leap year, days', { kind: 'rolling', amount: 365, unit: 'days', roundUpTo: 'year' }, '2024-03-20', '2025-03-20'],
  ['common year', { kind: 'rolling', amount: 1, unit: 'years', roundUpTo: 'month' }, '2025-03-05', '2026-03-20'],
  // 30 Esfand 1403 and a year: 29 Esfand 1404.
  ['leap day', { kind: 'rolling', amount: 1, unit: 'years' }, '2025-03-20', '2026-03-20'],
  ['31 Shahrivar and a month', { kind: 'rolling', amount: 1, unit: 'months' }, '2024-09-21', '2024-10-21'],
  ['last day of the year', { kind: 'dates', dates: [{ month: 12, day: 30 }] }, '2025-03-20', '2025-03-20'],
  ['of a common year', { kind: 'dates', dates: [{ month: 12, day: 30 }] }, '2025-03-21', '2026-03-20'],
  [
    'the next of some dates',
    {
      kind: 'dates',
      dates: [
        { month: 12, day: 29 },
        { month: 6, day: 31 },
      ],
    },
    '2025-09-22',
    '2025-09-22',
  ],
  [
    'and the one after',
    {
      kind: 'dates',
      dates: [
        { month: 12, day: 29 },
        { month: 6, day: 31 },
      ],
    },
    '2025-09-23',
    '2026-03-20',
  ],
])('solar Hijri: %s', (_, expiry, activated, expected) => {
  expect(text(createExpiryOf(expiry, tehran)(noon(activated)))).toBe(`${expected}T20:29:59.999Z`);
});

test.each<[string, Expiry, string, string]>([
  ['31 January and a month', { kind: 'rolling', amount: 1, unit: 'months' }, '2026-01-31', '2026-02-28T22:59:59.999Z'],
  ['leap year', { kind: 'rolling', amount: 1, unit: 'months' }, '2024-01-31', '2024-02-29T22:59:59.999Z'],
  ['leap day and a year', { kind: 'rolling', amount: 1, unit: 'years' }, '2024-02-29', '2025-02-28T22:59:59.999Z'],
  [
    'end of the quarter, in summer',
    { kind: 'rolling', amount: 30, unit: 'days', roundUpTo: 'quarter' },
    '2026-04-10',
    '2026-06-30T21:59:59.999Z',
  ],
  ['29 February', { kind: 'dates', dates: [{ month: 2, day: 29 }] }, '2026-03-01', '2027-02-28T22:59:59.999Z'],
])('Gregorian: %s', (_, expiry, activated, expected) => {
  expect(text(createExpiryOf(expiry, berlin)(noon(activated)))).toBe(expected);
});

test("days end by the zone's clocks, also when Iran still changed them", () => {
  const after = (amount: number) => createExpiryOf({ kind: 'rolling', amount, unit: 'days' }, tehran);
  // 10 Shahrivar 1400 has summer time; 31 Shahrivar is the first day without.
  expect(text(after(20)(noon('2021-09-01')))).toBe('2021-09-21T20:29:59.999Z');
  expect(text(after(19)(noon('2021-09-01')))).toBe('2021-09-20T19:29:59.999Z');
  // 1 Farvardin 1400 has winter time still, 2 Farvardin begins at 01:00.
  expect(text(after(1)(noon('2021-03-20')))).toBe('2021-03-21T20:29:59.999Z');
  expect(text(after(2)(noon('2021-03-20')))).toBe('2021-03-22T19:29:59.999Z');
});

const zones = fc.constantFrom<CalendarZone>(
  tehran,
  berlin,
  { calendar: 'persian', timeZone: 'America/St_Johns' },
  { calendar: 'gregorian', timeZone: 'Asia/Kathmandu' },
);
const instants = fc.integer({ min: ms('1990-01-01T00:00:00Z'), max: ms('2050-01-01T00:00:00Z') });
const roundings = fc.constantFrom(undefined, ...EXPIRY_ROUNDINGS);
const amounts = fc.record({
  amount: fc.integer({ min: 1, max: 100 }),
  unit: fc.constantFrom('days', 'months', 'years'),
} as const);
const dates = fc.array(fc.record({ month: fc.integer({ min: 1, max: 12 }), day: fc.integer({ min: 1, max: 29 }) }), {
  minLength: 1,
  maxLength: 20,
});
const expiries = fc.oneof(
  fc
    .record({ time: amounts, roundUpTo: roundings })
    .map(({ time, roundUpTo }): Expiry => ({ kind: 'rolling', ...time, ...(roundUpTo ? { roundUpTo } : {}) })),
  dates.map((list): Expiry => ({ kind: 'dates', dates: list })),
  amounts.map((time): Expiry => ({ kind: 'sliding', ...time, activities: ['purchase'], interactionTypes: [] })),
);

test('expiry is never before activation, at the end of a day, and later activation never expires earlier', () => {
  fc.assert(
    fc.property(zones, expiries, instants, fc.integer({ min: 0, max: 90_000_000 }), (zone, expiry, at, later) => {
      const expiryOf = createExpiryOf(expiry, zone);
      const expiresAt = expiryOf(at) as number;
      expect(expiresAt).toBeGreaterThanOrEqual(at);
      expect(expiresAt).toBe(endOfPeriodMs(zone, expiresAt, 'day'));
      expect(expiryOf(at + later)).toBeGreaterThanOrEqual(expiresAt);
    }),
  );
});

test('rounding keeps what is round already', () => {
  fc.assert(
    fc.property(zones, amounts, fc.constantFrom(...EXPIRY_ROUNDINGS), instants, (zone, time, roundUpTo, at) => {
      const expiresAt = createExpiryOf({ kind: 'rolling', ...time, roundUpTo }, zone)(at) as number;
      const plain = createExpiryOf({ kind: 'rolling', ...time }, zone)(at) as number;
      expect(expiresAt).toBe(endOfPeriodMs(zone, plain, roundUpTo));
      expect(endOfPeriodMs(zone, expiresAt, roundUpTo)).toBe(expiresAt);
    }),
  );
});

test('a number of days, as older programmes have it, is rolling expiry', () => {
  expect(expiryAfterDays(null)).toEqual({ kind: 'none' });
  expect(createExpiryOf(expiryAfterDays(null), tehran)(0)).toBeNull();
  const expiryOf = createExpiryOf(expiryAfterDays(30), tehran);
  expect(text(expiryOf(ms('2026-01-01T20:29:59.999Z')))).toBe('2026-01-31T20:29:59.999Z');
  expect(text(expiryOf(ms('2026-01-01T20:30:00Z')))).toBe('2026-02-01T20:29:59.999Z');
});

test('tells how many months points live at most', () => {
  expect(mostMonthsOf({ kind: 'none' })).toBeNull();
  expect(mostMonthsOf(expiryAfterDays(40))).toBe(3);
  expect(mostMonthsOf({ kind: 'rolling', amount: 2, unit: 'years', roundUpTo: 'quarter' })).toBe(28);
  expect(mostMonthsOf({ kind: 'dates', dates: [{ month: 1, day: 1 }] })).toBe(13);
});

const problemsOf = (expiry: Expiry, zone = tehran) => expiryProblems(expiry, zone, '/expiry');

test('a policy that is not as it should be is told of by field', () => {
  expect(problemsOf({ kind: 'none' })).toEqual([]);
  expect(problemsOf({ kind: 'rolling', amount: 1_200, unit: 'months' })).toEqual([]);
  expect(problemsOf({ kind: 'rolling', amount: 101, unit: 'years' })).toEqual([
    { path: '/expiry/amount', message: 'must be 1 to 100 years' },
  ]);
  expect(problemsOf({ kind: 'sliding', amount: 6, unit: 'months', activities: [], interactionTypes: [] })).toEqual([
    { path: '/expiry/activities', message: 'needs an activity, or an interaction type, at least' },
  ]);
  expect(problemsOf({ kind: 'sliding', amount: 6, unit: 'months', activities: [], interactionTypes: ['x'] })).toEqual(
    [],
  );
  expect(
    problemsOf({ kind: 'sliding', amount: 6, unit: 'months', activities: [], interactionTypes: ['x', 'App-Opened'] }),
  ).toMatchObject([{ path: '/expiry/interactionTypes/1' }]);
});

test('only the whole programme has sliding points', () => {
  const sliding: Expiry = {
    kind: 'sliding',
    amount: 6,
    unit: 'months',
    activities: ['purchase'],
    interactionTypes: [],
  };
  expect(ruleExpiryProblems(sliding, tehran, '/rules/0/expiry')).toMatchObject([{ path: '/rules/0/expiry/kind' }]);
  expect(ruleExpiryProblems({ kind: 'rolling', amount: 0, unit: 'days' }, tehran, '/e')).toMatchObject([
    { path: '/e/amount' },
  ]);
});

test('dates are those of the calendar', () => {
  const on = (...list: { month: number; day: number }[]): Expiry => ({ kind: 'dates', dates: list });
  expect(problemsOf(on({ month: 1, day: 31 }, { month: 7, day: 30 }, { month: 12, day: 30 }))).toEqual([]);
  expect(problemsOf(on({ month: 7, day: 31 }))).toEqual([
    { path: '/expiry/dates/0/day', message: 'is no day of the month: 1 to 30' },
  ]);
  expect(problemsOf(on({ month: 7, day: 31 }), berlin)).toEqual([]);
  expect(problemsOf(on({ month: 2, day: 30 }), berlin)).toEqual([
    { path: '/expiry/dates/0/day', message: 'is no day of the month: 1 to 29' },
  ]);
  expect(problemsOf(on({ month: 13, day: 1 }))).toMatchObject([{ path: '/expiry/dates/0/month' }]);
  expect(problemsOf(on({ month: 1, day: 0 }))).toMatchObject([{ path: '/expiry/dates/0/day' }]);
  expect(problemsOf(on())).toMatchObject([{ path: '/expiry/dates' }]);
  expect(problemsOf(on({ month: 1, day: 1 }, { month: 1, day: 1 }))).toEqual([
    { path: '/expiry/dates/1', message: 'is there already' },
  ]);
  const many = Array.from({ length: 21 }, (_, i) => ({ month: 1, day: i + 1 }));
  expect(problemsOf(on(...many.slice(1)))).toEqual([]);
  expect(problemsOf(on(...many))).toEqual([{ path: '/expiry/dates', message: 'has more than 20 dates' }]);
});
