import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoOf, isoOfMs } from './instants.ts';

test.each([
  [1_795_248_000_000, '2026-11-21T08:00:00Z'],
  [1_795_248_000_500, '2026-11-21T08:00:00.5Z'],
  [1_795_248_000_120, '2026-11-21T08:00:00.12Z'],
  [1_795_248_059_999, '2026-11-21T08:00:59.999Z'],
  [-1, '1969-12-31T23:59:59.999Z'],
])('%d is %s', (ms, text) => {
  expect(isoOfMs(ms)).toBe(text);
});

test('one instant has one text, whether it was kept as a number or is read as a text', () => {
  const year = 31_556_952_000;
  const instant = fc.oneof(
    fc.integer({ min: -100 * year, max: 8_000 * year }),
    fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1_000),
  );
  fc.assert(
    fc.property(instant, (ms) => {
      expect(isoOfMs(ms)).toBe(isoOf(new Date(ms).toISOString()));
    }),
  );
});

test('what an event tells finer than a millisecond is kept', () => {
  expect(isoOf('2026-11-21 08:00:00.123456+00')).toBe('2026-11-21T08:00:00.123456Z');
});
