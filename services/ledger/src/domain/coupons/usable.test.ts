import { expect, test } from 'vitest';
import type { CouponTerms, PoolStatus } from './terms.ts';
import { couldUse, usableFromMs } from './usable.ts';

const NOW = Date.parse('2026-11-21T08:00:00Z');
const TERMS: CouponTerms = {
  discount: { kind: 'fixed', currency: 'EUR', minor: 100 },
  perCustomer: null,
  startsAt: null,
  endsAt: null,
  stacking: { group: null, exclusive: false, with: null, order: 0 },
};
const CUSTOMER = { tier: 'gold', segments: ['vip'], codes: 1 };
const could = (
  terms: Partial<CouponTerms>,
  { status = 'active' as PoolStatus, expiresAt = null as string | null } = {},
): boolean =>
  couldUse({ status, terms: { ...TERMS, ...terms } }, CUSTOMER, expiresAt === null ? null : Date.parse(expiresAt), NOW);

test('a code of a pool that is paused, over or for others could not be used', () => {
  expect(could({})).toBe(true);
  expect(could({}, { status: 'paused' })).toBe(false);
  expect(could({ endsAt: '2026-11-21T08:00:00Z' })).toBe(false);
  expect(could({ endsAt: '2026-11-21T08:00:00.001Z' })).toBe(true);
  expect(could({ audience: { tiers: ['silver'] } })).toBe(false);
  expect(could({ audience: { tiers: ['gold'], segments: ['vip'] } })).toBe(true);
});

test('codes that the customer has count towards the limit of the pool', () => {
  expect(could({ perCustomer: 1 })).toBe(false);
  expect(could({ perCustomer: 2 })).toBe(true);
});

test('a code may be given before its pool begins, unless it ends before', () => {
  const startsAt = '2026-11-25T00:00:00Z';
  expect(usableFromMs({ startsAt }, NOW)).toBe(Date.parse(startsAt));
  expect(usableFromMs({ startsAt: '2026-01-01T00:00:00Z' }, NOW)).toBe(NOW);
  expect(could({ startsAt })).toBe(true);
  expect(could({ startsAt }, { expiresAt: '2026-11-26T00:00:00Z' })).toBe(true);
  expect(could({ startsAt }, { expiresAt: startsAt })).toBe(false);
});
