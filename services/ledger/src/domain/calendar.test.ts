import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addToDate,
  boundariesAfter,
  type CalendarZone,
  dateOf,
  dayAt,
  endOfPeriodMs,
  firstDateOf,
  lastDateOf,
  PERIODS,
  type Period,
  rememberPerDay,
  startOfPeriodMs,
} from './calendar.ts';

const tehran: CalendarZone = { calendar: 'persian', timeZone: 'Asia/Tehran' };
const berlin: CalendarZone = { calendar: 'gregorian', timeZone: 'Europe/Berlin' };

const ms = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;
const text = (value: number | undefined): string => Temporal.Instant.fromEpochMilliseconds(value as number).toString();
const iso = (date: Temporal.PlainDate): string => date.withCalendar('iso8601').toString();
const jalali = (year: number, month: number, day: number): string => iso(dateOf('persian', year, month, day));

test.each([
  // Beginnings of years, 1399, 1403 and 1408 being leap years.
  [1399, 1, 1, '2020-03-20'],
  [1400, 1, 1, '2021-03-21'],
  [1403, 1, 1, '2024-03-20'],
  [1404, 1, 1, '2025-03-21'],
  [1408, 1, 1, '2029-03-20'],
  [1409, 1, 1, '2030-03-21'],
  [1403, 12, 30, '2025-03-20'],
  [1404, 12, 29, '2026-03-20'],
  // A common year has no 30 Esfand, no year a 31 Mehr.
  [1404, 12, 30, '2026-03-20'],
  [1403, 7, 31, '2024-10-21'],
])('the day %i-%i-%i of the solar Hijri calendar is %s', (year, month, day, expected) => {
  expect(jalali(year, month, day)).toBe(expected);
});

test.each([
  ['day', '2024-11-21', '2024-11-21'],
  // It is a Thursday; Iranian weeks begin on Saturday.
  ['week', '2024-11-16', '2024-11-22'],
  ['month', '2024-11-21', '2024-12-20'],
  ['quarter', '2024-09-22', '2024-12-20'],
  ['half', '2024-09-22', '2025-03-20'],
  ['year', '2024-03-20', '2025-03-20'],
] as const)('the %s of 1 Azar 1403 is %s to %s', (period, first, last) => {
  const date = dateOf('persian', 1403, 9, 1);
  expect(iso(date)).toBe('2024-11-21');
  expect([iso(firstDateOf('persian', date, period)), iso(lastDateOf('persian', date, period))]).toEqual([first, last]);
});

test.each([
  ['day', '2024-02-29', '2024-02-29'],
  ['week', '2024-02-26', '2024-03-03'],
  ['month', '2024-02-01', '2024-02-29'],
  ['quarter', '2024-01-01', '2024-03-31'],
  ['half', '2024-01-01', '2024-06-30'],
  ['year', '2024-01-01', '2024-12-31'],
] as const)('the %s of 29 February 2024 is %s to %s', (period, first, last) => {
  const date = dateOf('gregorian', 2024, 2, 29);
  expect([iso(firstDateOf('gregorian', date, period)), iso(lastDateOf('gregorian', date, period))]).toEqual([
    first,
    last,
  ]);
});

test.each([
  // 31 Shahrivar and a month is 30 Mehr; six months more than 30 Shahrivar 1403 is 30 Esfand, of 1404 the 29th.
  ['persian', [1403, 6, 31], 1, 'months', '2024-10-21'],
  ['persian', [1403, 6, 31], 6, 'months', '2025-03-20'],
  ['persian', [1404, 6, 31], 6, 'months', '2026-03-20'],
  ['persian', [1403, 12, 30], 1, 'years', '2026-03-20'],
  ['persian', [1403, 12, 30], 5, 'years', '2030-03-20'],
  ['persian', [1403, 12, 30], 1, 'days', '2025-03-21'],
  ['gregorian', [2024, 1, 31], 1, 'months', '2024-02-29'],
  ['gregorian', [2023, 1, 31], 1, 'months', '2023-02-28'],
  ['gregorian', [2024, 2, 29], 1, 'years', '2025-02-28'],
  ['gregorian', [2024, 2, 29], 4, 'years', '2028-02-29'],
] as const)('%s %j plus %i %s is %s', (calendar, [year, month, day], amount, unit, expected) => {
  expect(iso(addToDate(dateOf(calendar, year, month, day), amount, unit))).toBe(expected);
});

test('periods begin and end with the days of the zone, also where clocks were changed at midnight', () => {
  // Until 2022 Iran put its clocks forward at 24:00 of 1 Farvardin: 22 March 2021 began at 01:00.
  expect(text(startOfPeriodMs(tehran, ms('2021-03-22T12:00:00Z'), 'day'))).toBe('2021-03-21T20:30:00Z');
  expect(text(endOfPeriodMs(tehran, ms('2021-03-22T12:00:00Z'), 'day'))).toBe('2021-03-22T19:29:59.999Z');
  // And back at 24:00 of 30 Shahrivar: the last hour of 21 September 2021 came twice.
  expect(text(endOfPeriodMs(tehran, ms('2021-09-21T12:00:00Z'), 'day'))).toBe('2021-09-21T20:29:59.999Z');
  expect(text(startOfPeriodMs(tehran, ms('2021-09-21T20:00:00Z'), 'day'))).toBe('2021-09-20T19:30:00Z');
  expect(text(endOfPeriodMs(tehran, ms('2021-09-21T12:00:00Z'), 'half'))).toBe('2021-09-22T20:29:59.999Z');
  expect(text(startOfPeriodMs(tehran, ms('2021-07-01T12:00:00Z'), 'year'))).toBe('2021-03-20T20:30:00Z');
  expect(text(endOfPeriodMs(berlin, ms('2026-03-29T12:00:00Z'), 'day'))).toBe('2026-03-29T21:59:59.999Z');
});

test('an hour that comes twice around midnight counts for the new day', () => {
  // St. John's put its clocks back at 00:01 of 7 November 2010, to 23:01 of the 6th.
  const stJohns: CalendarZone = { calendar: 'gregorian', timeZone: 'America/St_Johns' };
  const secondTime = ms('2010-11-07T03:00:00Z');
  const day = dayAt(stJohns, secondTime);
  expect(iso(day.date)).toBe('2010-11-07');
  expect(text(day.startMs)).toBe('2010-11-07T02:30:00Z');
  expect(text(day.endMs)).toBe('2010-11-08T03:30:00Z');
});

test('the next boundaries are the starts of the coming periods', () => {
  expect(boundariesAfter(tehran, ms('2025-03-19T12:00:00Z'), 'month', 3).map(text)).toEqual([
    '2025-03-20T20:30:00Z',
    '2025-04-20T20:30:00Z',
    '2025-05-21T20:30:00Z',
  ]);
  expect(boundariesAfter(tehran, ms('2025-03-20T20:30:00Z'), 'half', 2).map(text)).toEqual([
    '2025-09-22T20:30:00Z',
    '2026-03-20T20:30:00Z',
  ]);
  expect(boundariesAfter(berlin, ms('2026-10-24T12:00:00Z'), 'day', 2).map(text)).toEqual([
    '2026-10-24T22:00:00Z',
    '2026-10-25T23:00:00Z',
  ]);
});

const zones = fc.constantFrom(
  tehran,
  berlin,
  { calendar: 'persian', timeZone: 'UTC' } as const,
  { calendar: 'gregorian', timeZone: 'America/St_Johns' } as const,
  { calendar: 'persian', timeZone: 'Asia/Kathmandu' } as const,
  { calendar: 'gregorian', timeZone: 'Pacific/Apia' } as const,
);
const instants = fc.integer({ min: ms('1980-01-01T00:00:00Z'), max: ms('2060-01-01T00:00:00Z') });
const periods = fc.constantFrom<Period>(...PERIODS);

/** Month and day as another implementation of the calendar counts them. */
const intlMonthDay = ({ calendar, timeZone }: CalendarZone, atMs: number): [number, number] => {
  const format = new Intl.DateTimeFormat(`en-u-ca-${calendar === 'persian' ? 'persian' : 'gregory'}`, {
    timeZone,
    month: 'numeric',
    day: 'numeric',
  });
  const parts = format.formatToParts(atMs);
  const number = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return [number('month'), number('day')];
};

test('periods hold their instant, follow each other without a gap, and months begin on a first', () => {
  fc.assert(
    fc.property(zones, instants, periods, (zone, atMs, period) => {
      const [start, end] = [startOfPeriodMs(zone, atMs, period), endOfPeriodMs(zone, atMs, period)];
      expect(start).toBeLessThanOrEqual(atMs);
      expect(end).toBeGreaterThanOrEqual(atMs);
      expect(boundariesAfter(zone, atMs, period, 1)).toEqual([end + 1]);
      expect(startOfPeriodMs(zone, end + 1, period)).toBe(end + 1);
      expect(endOfPeriodMs(zone, start, period)).toBe(end);
      const months = { month: 1, quarter: 3, half: 6, year: 12 }[period as string];
      if (months === undefined) return;
      const [month, day] = intlMonthDay(zone, start);
      expect([(month - 1) % months, day]).toEqual([0, 1]);
    }),
  );
});

test('what is remembered does not depend on what was asked before', () => {
  fc.assert(
    fc.property(
      zones,
      instants,
      fc.array(fc.integer({ min: -200, max: 200 }), { maxLength: 60, size: 'max' }),
      (zone, at, steps) => {
        const endOf = rememberPerDay(zone, ({ endMs }) => endMs);
        for (const step of steps) expect(endOf(at + step * 1_700_000)).toBe(dayAt(zone, at + step * 1_700_000).endMs);
      },
    ),
  );
});

test('what is remembered costs no calendar arithmetic', () => {
  let asked = 0;
  const countOf = rememberPerDay(tehran, () => ++asked);
  const start = ms('2026-06-01T20:30:00Z');
  for (let round = 0; round < 10; round++)
    for (let minute = 0; minute < 1_440; minute++) countOf(start + minute * 60_000);
  // A Tehran day touches 25 hours of UTC.
  expect(asked).toBeLessThanOrEqual(25);
});
