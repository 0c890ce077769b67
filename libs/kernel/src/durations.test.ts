import { describe, expect, test } from 'vitest';
import { addDuration, earliest, isBefore, isDuration, millisBetween } from './durations.ts';

const at = (text: string) => Temporal.Instant.from(text);

describe('addDuration', () => {
  test('a day keeps the time on the wall where the clocks change', () => {
    // New York went to summer time on 8 March 2026 at 2:00: 23 hours later it is the same time of day.
    expect(addDuration(at('2026-03-07T17:00:00Z'), 'P1D', 'America/New_York').toString()).toBe('2026-03-08T16:00:00Z');
    expect(addDuration(at('2026-03-07T17:00:00Z'), 'PT24H', 'America/New_York').toString()).toBe(
      '2026-03-08T17:00:00Z',
    );
  });
  test('a month is one of the calendar', () => {
    expect(addDuration(at('2026-01-31T12:00:00Z'), 'P1M', 'UTC').toString()).toBe('2026-02-28T12:00:00Z');
  });
  test('a zone or a duration that does not exist is refused', () => {
    expect(() => addDuration(at('2026-01-31T12:00:00Z'), 'P1D', 'Mars/Olympus')).toThrow(RangeError);
    expect(() => addDuration(at('2026-01-31T12:00:00Z'), '1 day', 'UTC')).toThrow(RangeError);
  });
});

test.each([
  ['P30D', true],
  ['PT15M', true],
  ['P0D', true],
  ['PT0.5S', true],
  ['-P1D', false],
  ['30 days', false],
  ['P', false],
  ['', false],
])('isDuration(%j) is %s', (text, is) => expect(isDuration(text)).toBe(is));

test('instants are compared and told apart in milliseconds', () => {
  const early = at('2026-11-21T08:00:00Z');
  const late = at('2026-11-21T08:00:00.0015Z');
  expect(millisBetween(early, late)).toBe(1);
  expect(millisBetween(late, early)).toBe(-1);
  expect(earliest(late, early)).toBe(early);
  expect(earliest(early, late)).toBe(early);
  expect([isBefore(early, late), isBefore(late, early), isBefore(early, early)]).toEqual([true, false, false]);
});
