import { expect, test } from 'vitest';
import { createExpiry, expiryPolicyOf, keptAliveBy } from './expiry.ts';
import type { Expiry } from './expiry-policy.ts';

const ms = (text: string): number => Temporal.Instant.from(text).epochMilliseconds;
const text = (value: number | null): string | null =>
  value === null ? null : Temporal.Instant.fromEpochMilliseconds(value).toString();

test('points expire at the end of a day in the zone of the programme', () => {
  const expiryOf = createExpiry({ expiresAfterDays: 30, timeZone: 'Asia/Tehran' });
  // 21:00 UTC is 00:30 of the next day in Tehran (+03:30).
  expect(text(expiryOf(ms('2026-01-01T20:29:59.999Z')))).toBe('2026-01-31T20:29:59.999Z');
  expect(text(expiryOf(ms('2026-01-01T20:30:00Z')))).toBe('2026-02-01T20:29:59.999Z');
});

test('days are calendar days, whatever the clocks do', () => {
  const expiryOf = createExpiry({ expiresAfterDays: 1, timeZone: 'Europe/Berlin' });
  // Clocks go forward on 2026-03-29 and back on 2026-10-25.
  expect(text(expiryOf(ms('2026-03-28T12:00:00Z')))).toBe('2026-03-29T21:59:59.999Z');
  expect(text(expiryOf(ms('2026-10-24T12:00:00Z')))).toBe('2026-10-25T22:59:59.999Z');
});

test('the answer does not depend on what was asked before', () => {
  const times = Array.from({ length: 200 }, (_, i) => ms('2026-03-28T00:00:00Z') + i * 29 * 60_000);
  const remembered = createExpiry({ expiresAfterDays: 3, timeZone: 'Asia/Kathmandu' });
  for (const time of [...times, ...times.toReversed()])
    expect(remembered(time)).toBe(createExpiry({ expiresAfterDays: 3, timeZone: 'Asia/Kathmandu' })(time));
});

test('without a number of days nothing expires', () => {
  expect(createExpiry({ expiresAfterDays: null, timeZone: 'UTC' })(0)).toBeNull();
  expect(createExpiry(undefined)(0)).toBeNull();
});

test('a policy goes before a number of days', () => {
  const sliding: Expiry = {
    kind: 'sliding',
    amount: 6,
    unit: 'months',
    activities: ['purchase'],
    interactionTypes: ['x'],
  };
  expect(expiryPolicyOf({ expiry: sliding, expiresAfterDays: 3 })).toBe(sliding);
  expect(expiryPolicyOf({})).toEqual({ kind: 'none' });
});

test('points are kept alive by what the programme names, and only where they slide', () => {
  const nothing = { purchase: false, redemption: false, interactions: new Set() };
  expect(keptAliveBy(undefined)).toEqual(nothing);
  expect(keptAliveBy({ expiresAfterDays: 3 })).toEqual(nothing);
  const time = { kind: 'sliding', amount: 6, unit: 'months' } as const;
  expect(keptAliveBy({ expiry: { ...time, activities: ['redemption'], interactionTypes: ['x'] } })).toEqual({
    ...nothing,
    redemption: true,
    interactions: new Set(['x']),
  });
  expect(keptAliveBy({ expiry: { ...time, activities: ['purchase'], interactionTypes: [] } })).toEqual({
    ...nothing,
    purchase: true,
  });
});
