import { describe, expect, test } from 'vitest';
import { inCalendar, monthAfter, monthAt, monthsBetween, monthsFrom, monthTable, startOfMonthMs } from './months.ts';

const TEHRAN = { calendar: 'persian', timeZone: 'Asia/Tehran' } as const;
const BERLIN = { calendar: 'gregorian', timeZone: 'Europe/Berlin' } as const;
const iso = (ms: number): string => new Date(ms).toISOString();

describe('months of a calendar and a zone', () => {
  test('a leap year of Iran: Esfand 1403 has 30 days, so 1404 begins on 21 March 2025', () => {
    expect(iso(startOfMonthMs(TEHRAN, '1403-12'))).toBe('2025-02-18T20:30:00.000Z');
    expect(iso(startOfMonthMs(TEHRAN, '1404-01'))).toBe('2025-03-20T20:30:00.000Z');
    expect(monthAt(TEHRAN, Date.parse('2025-03-20T20:29:59.999Z'))).toBe('1403-12');
    expect(monthAt(TEHRAN, Date.parse('2025-03-20T20:30:00Z'))).toBe('1404-01');
  });

  test('a year without a leap day: Esfand 1404 has 29', () => {
    expect(iso(startOfMonthMs(TEHRAN, '1405-01'))).toBe('2026-03-20T20:30:00.000Z');
    expect(startOfMonthMs(TEHRAN, '1405-01') - startOfMonthMs(TEHRAN, '1404-12')).toBe(29 * 86_400_000);
  });

  test('Gregorian months follow the clock of the zone', () => {
    expect(iso(startOfMonthMs(BERLIN, '2026-11'))).toBe('2026-10-31T23:00:00.000Z');
    expect(iso(startOfMonthMs(BERLIN, '2026-10'))).toBe('2026-09-30T22:00:00.000Z');
    expect(monthAt(BERLIN, Date.parse('2026-10-31T23:00:00Z'))).toBe('2026-11');
  });

  test('are counted over the turn of the year', () => {
    expect(monthAfter('1403-12')).toBe('1404-01');
    expect(monthsBetween('1403-11', '1404-02')).toBe(3);
    expect(monthsFrom('2025-11', '2026-02')).toEqual(['2025-11', '2025-12', '2026-01', '2026-02']);
    expect(monthsFrom('2026-02', '2026-01')).toEqual([]);
  });

  test('a table holds the starts of its months in order', () => {
    const table = monthTable(BERLIN, Date.parse('2026-01-15T00:00:00Z'), Date.parse('2026-03-01T00:00:00Z'));
    expect(table.months).toEqual(['2026-01', '2026-02', '2026-03']);
    expect(table.startsMs.map(iso)).toEqual([
      '2025-12-31T23:00:00.000Z',
      '2026-01-31T23:00:00.000Z',
      '2026-02-28T23:00:00.000Z',
    ]);
  });

  test('a month is found again in another calendar by its middle', () => {
    expect(inCalendar('2026-11', 'gregorian', 'persian')).toBe('1405-08');
    expect(inCalendar('1405-08', 'persian', 'gregorian')).toBe('2026-11');
    expect(inCalendar('1405-08', 'persian', 'persian')).toBe('1405-08');
  });
});
