import { expect, test } from 'vitest';
import { readOccurredAt } from './occurred-at.ts';

const NOW = Temporal.Instant.from('2026-11-21T08:00:00Z');
const TOLERANCE_MS = 600_000;
const read = (given: unknown) => readOccurredAt(given, NOW, TOLERANCE_MS);

test('not given means now', () => {
  expect(read(undefined)).toEqual({ ok: true, instant: NOW });
});

test.each([
  ['2026-11-21T11:30:00+03:30', '2026-11-21T08:00:00Z'],
  ['2010-12-01T08:26:00.5Z', '2010-12-01T08:26:00.5Z'],
  ['2026-11-21T08:10:00Z', '2026-11-21T08:10:00Z'],
])('%s is taken as %s', (given, instant) => {
  const outcome = read(given);
  expect(outcome.ok && outcome.instant.toString()).toBe(instant);
});

test.each([
  [null],
  [1763712000],
  [''],
  ['yesterday'],
  ['2026-11-21T08:00:00'],
  ['2026-02-30T08:00:00Z'],
  ['1969-12-31T23:59:59Z'],
  [`2026-11-21T08:00:00Z${' '.repeat(90)}`],
])('%j is refused', (given) => {
  expect(read(given)).toMatchObject({ ok: false, reason: 'invalid' });
});

test('more than the tolerance ahead is refused as future', () => {
  expect(read('2026-11-21T08:10:00.001Z')).toMatchObject({ ok: false, reason: 'in_the_future' });
});
