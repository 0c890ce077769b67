import { expect, test } from 'vitest';
import { createFakeClock, systemClock } from './clock.ts';

test('a fake clock stands still until it is moved', () => {
  const clock = createFakeClock('2026-11-21T08:00:00Z');
  expect(clock.now()).toBe(clock.now());
  clock.advance('P1M');
  expect(clock.now().toString()).toBe('2026-12-21T08:00:00Z');
  clock.advance({ hours: -1 });
  expect(clock.now().toString()).toBe('2026-12-21T07:00:00Z');
  clock.set('2020-01-01T00:00:00Z');
  expect(clock.now().toString()).toBe('2020-01-01T00:00:00Z');
});

test("the system's clock goes on", () => {
  const before = Date.now();
  const now = systemClock.now().epochMilliseconds;
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});

test('no clock is finer than what is kept', () => {
  const clock = createFakeClock('2026-11-21T08:00:00.123456789Z');
  expect(clock.now().toString()).toBe('2026-11-21T08:00:00.123Z');
  clock.advance({ microseconds: 1_999 });
  expect(clock.now().toString()).toBe('2026-11-21T08:00:00.124Z');
  clock.set('2020-01-01T00:00:00.999999Z');
  expect(clock.now().toString()).toBe('2020-01-01T00:00:00.999Z');
  const now = systemClock.now();
  expect(now.epochNanoseconds).toBe(BigInt(now.epochMilliseconds) * 1_000_000n);
});
