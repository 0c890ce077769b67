import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextAllowed, zoneOr } from './quiet-hours.ts';

const at = (text: string) => Temporal.Instant.from(text);
const night = { from: '21:00', to: '08:00' };
const next = (now: string, zone: string, quiet: { from: string; to: string } | null = night) =>
  nextAllowed(at(now), zone, quiet).toZonedDateTimeISO(zone).toString({ timeZoneName: 'never' });

describe('quiet hours', () => {
  test.each([
    ['in the evening', '2026-11-21T22:30:00+03:30', '2026-11-22T08:00:00+03:30'],
    ['after midnight', '2026-11-22T03:00:00+03:30', '2026-11-22T08:00:00+03:30'],
    ['at their very start', '2026-11-21T21:00:00+03:30', '2026-11-22T08:00:00+03:30'],
    ['at their very end', '2026-11-22T08:00:00+03:30', '2026-11-22T08:00:00+03:30'],
    ['in the day', '2026-11-21T12:34:56+03:30', '2026-11-21T12:34:56+03:30'],
    ['a minute before them', '2026-11-21T20:59:00+03:30', '2026-11-21T20:59:00+03:30'],
  ])('over midnight in Tehran: %s', (_name, now, allowed) => {
    expect(next(now, 'Asia/Tehran')).toBe(allowed);
  });

  test.each([
    ['within one day', '2026-11-21T13:30:00+03:30', { from: '13:00', to: '15:00' }, '2026-11-21T15:00:00+03:30'],
    ['before them', '2026-11-21T12:59:59+03:30', { from: '13:00', to: '15:00' }, '2026-11-21T12:59:59+03:30'],
    ['equal bounds are none', '2026-11-21T13:30:00+03:30', { from: '13:00', to: '13:00' }, '2026-11-21T13:30:00+03:30'],
    ['none at all', '2026-11-21T03:00:00+03:30', null, '2026-11-21T03:00:00+03:30'],
  ])('%s', (_name, now, quiet, allowed) => {
    expect(next(now, 'Asia/Tehran', quiet)).toBe(allowed);
  });

  test('the night in which clocks are put forward is an hour shorter', () => {
    expect(next('2026-03-28T22:00:00+01:00', 'Europe/Berlin')).toBe('2026-03-29T08:00:00+02:00');
  });

  test('an end within the hour that is left out moves forward with the clocks', () => {
    expect(next('2026-03-29T01:00:00+01:00', 'Europe/Berlin', { from: '21:00', to: '02:30' })).toBe(
      '2026-03-29T03:30:00+02:00',
    );
  });

  test('an end that comes twice: in the second of the two hours it is the second one', () => {
    const quiet = { from: '21:00', to: '02:30' };
    expect(next('2026-10-25T02:10:00+02:00', 'Europe/Berlin', quiet)).toBe('2026-10-25T02:30:00+02:00');
    expect(next('2026-10-25T02:10:00+01:00', 'Europe/Berlin', quiet)).toBe('2026-10-25T02:30:00+01:00');
  });

  test('the same moment is night for one customer and day for another', () => {
    const now = '2026-11-21T19:00:00Z';
    expect(next(now, 'Asia/Tehran')).toBe('2026-11-22T08:00:00+03:30');
    expect(next(now, 'America/New_York')).toBe('2026-11-21T14:00:00-05:00');
  });

  test('never earlier than now, less than 25 hours away, and once there it stays', () => {
    const time = fc.integer({ min: 0, max: 1439 }).map((minute) => {
      const text = (value: number) => String(value).padStart(2, '0');
      return `${text(Math.floor(minute / 60))}:${text(minute % 60)}`;
    });
    const zone = fc.constantFrom('Asia/Tehran', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC');
    const second = fc.integer({ min: 1_750_000_000, max: 1_850_000_000 });
    fc.assert(
      fc.property(second, zone, time, time, (now, timeZone, from, to) => {
        const instant = Temporal.Instant.fromEpochMilliseconds(now * 1_000);
        const allowed = nextAllowed(instant, timeZone, { from, to });
        const waitMs = allowed.epochMilliseconds - instant.epochMilliseconds;
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThan(25 * 3_600_000);
        expect(nextAllowed(allowed, timeZone, { from, to }).equals(allowed)).toBe(true);
      }),
    );
  });

  test('an unknown zone gives way to the fallback', () => {
    expect(zoneOr('Asia/Tehran', 'UTC')).toBe('Asia/Tehran');
    expect(zoneOr('Mars/Olympus', 'UTC')).toBe('UTC');
    expect(zoneOr(null, 'UTC')).toBe('UTC');
  });
});
