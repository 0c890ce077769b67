import fc from 'fast-check';
import { expect, test } from 'vitest';
import { birthdayToGive, isSameBirthday, lastBirthday, nextBirthday } from './birthday.ts';

const BERLIN = { calendar: 'gregorian', timeZone: 'Europe/Berlin' } as const;
const TEHRAN = { calendar: 'persian', timeZone: 'Asia/Tehran' } as const;

const after = (birthDate: string, at: string, zone: typeof BERLIN | typeof TEHRAN = BERLIN) => {
  const found = nextBirthday(birthDate, zone, Date.parse(at));
  return found && [found.year, new Date(found.startMs).toISOString()];
};

test('a birthday begins at midnight of the zone, every year', () => {
  expect(after('1990-11-22', '2026-11-21T22:59:59.999Z')).toEqual([2026, '2026-11-21T23:00:00.000Z']);
  expect(after('1990-11-22', '2026-11-21T23:00:00Z')).toEqual([2027, '2027-11-21T23:00:00.000Z']);
});

test('whoever was born on a leap day has it on the last of February in other years', () => {
  expect(after('2000-02-29', '2027-01-01T00:00:00Z')).toEqual([2027, '2027-02-27T23:00:00.000Z']);
  expect(after('2000-02-29', '2028-01-01T00:00:00Z')).toEqual([2028, '2028-02-28T23:00:00.000Z']);
});

test('birthdays are Jalali where the calendar is', () => {
  // 1 Farvardin 1370 was 21 March 1991; 1 Farvardin 1403 is 20 March 2024, 1404 is 21 March 2025.
  expect(after('1991-03-21', '2024-01-01T00:00:00Z', TEHRAN)).toEqual([1403, '2024-03-19T20:30:00.000Z']);
  expect(after('1991-03-21', '2025-01-01T00:00:00Z', TEHRAN)).toEqual([1404, '2025-03-20T20:30:00.000Z']);
  // 30 Esfand 1375, a leap day, was 20 March 1997: in 1402 it is 29 Esfand, in the leap year 1403 it is there again.
  expect(after('1997-03-20', '2024-03-01T00:00:00Z', TEHRAN)).toEqual([1402, '2024-03-18T20:30:00.000Z']);
  expect(after('1997-03-20', '2025-03-01T00:00:00Z', TEHRAN)).toEqual([1403, '2025-03-19T20:30:00.000Z']);
});

test('at the very instant at which it begins it is the last one: that is when it is given', () => {
  const begins = Date.parse('2026-11-21T23:00:00Z');
  expect(lastBirthday('1990-11-22', BERLIN, begins)).toEqual({ year: 2026, startMs: begins });
  expect(lastBirthday('1990-11-22', BERLIN, begins - 1)?.year).toBe(2025);
});

test('whoever is first known within seven days after it has it still', () => {
  const year = (at: string) => birthdayToGive('1990-11-22', BERLIN, Date.parse(at))?.year;
  expect(year('2026-11-28T22:59:59.999Z')).toBe(2026);
  expect(year('2026-11-28T23:00:00Z')).toBe(2027);
});

test('what is no date has no birthday', () => {
  expect(nextBirthday('1990-02-30', BERLIN, 0)).toBeNull();
  expect(lastBirthday('1990-02-30', BERLIN, 0)).toBeNull();
});

test('the last and the next one follow each other', () => {
  const days = fc.date({ min: new Date('1930-01-01'), max: new Date('2020-12-31'), noInvalidDate: true });
  const moments = fc.integer({ min: Date.parse('2021-01-01T00:00:00Z'), max: Date.parse('2045-01-01T00:00:00Z') });
  fc.assert(
    fc.property(days, moments, fc.constantFrom(BERLIN, TEHRAN), (day, ms, zone) => {
      const birthDate = day.toISOString().slice(0, 10);
      const [last, next] = [lastBirthday(birthDate, zone, ms), nextBirthday(birthDate, zone, ms)];
      if (!last || !next) throw new Error('a date has birthdays');
      expect(last.startMs).toBeLessThanOrEqual(ms);
      expect(next.startMs).toBeGreaterThan(ms);
      expect(next.year).toBe(last.year + 1);
    }),
  );
});

test('a birthday that moves over the turn of the year is the same one; those of two years are not', () => {
  const on = (birthDate: string, at: string) => {
    const found = lastBirthday(birthDate, BERLIN, Date.parse(at));
    if (!found) throw new Error('a date has birthdays');
    return found;
  };
  const eve = on('1990-12-31', '2026-12-31T12:00:00Z');
  expect(isSameBirthday(eve, on('1990-01-02', '2027-01-02T12:00:00Z'))).toBe(true);
  expect(isSameBirthday(on('1990-01-02', '2027-01-02T12:00:00Z'), eve)).toBe(true);
  expect(isSameBirthday(eve, on('1990-01-02', '2026-01-02T12:00:00Z'))).toBe(true);
  expect(isSameBirthday(eve, on('1990-12-31', '2027-12-31T12:00:00Z'))).toBe(false);
  expect(isSameBirthday(eve, on('1990-08-01', '2027-08-01T12:00:00Z'))).toBe(false);
});
