import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkReward, claimRefused, isVisible, type RewardDefinition, whyNotClaim } from './reward.ts';
import { restock, STOCK_SLOTS } from './stock.ts';
import { withTierBenefits } from './tier-rewards.ts';

const NOW = Date.parse('2026-11-21T08:00:00Z');
const DEFINITION: RewardDefinition = {
  name: { en: 'Cup' },
  costPoints: 100,
  stock: 5,
  perCustomer: 2,
  audience: { tiers: ['gold'] },
  startsAt: '2026-11-01T00:00:00Z',
  endsAt: '2026-12-01T00:00:00Z',
  couponPoolId: null,
};
const FACTS = {
  tier: 'gold',
  segments: [],
  activePoints: 100,
  claims: 1,
  stockLeft: 1,
  couponUsable: true,
  couponLeft: true,
};
const why = (
  definition: Partial<RewardDefinition>,
  facts: Partial<typeof FACTS> = {},
  status: 'draft' | 'active' | 'archived' = 'active',
) => whyNotClaim({ status, definition: { ...DEFINITION, ...definition } }, { ...FACTS, ...facts }, NOW);

test('each thing that keeps a customer from claiming is told', () => {
  expect(why({})).toEqual([]);
  expect(why({}, {}, 'draft')).toEqual(['not_active']);
  expect(why({}, {}, 'archived')).toEqual(['not_active']);
  expect(why({ startsAt: '2026-11-21T08:00:00.001Z' })).toEqual(['not_started']);
  expect(why({ startsAt: '2026-11-21T08:00:00Z' })).toEqual([]);
  expect(why({ endsAt: '2026-11-21T08:00:00Z' })).toEqual(['ended']);
  expect(why({ audience: { tiers: ['silver'] } })).toEqual(['not_for_customer']);
  expect(why({ audience: { segments: ['vip'] } })).toEqual(['not_for_customer']);
  expect(why({ perCustomer: 1 })).toEqual(['customer_limit']);
  expect(why({ perCustomer: null }, { claims: 99 })).toEqual([]);
  expect(why({}, { stockLeft: 0 })).toEqual(['out_of_stock']);
  expect(why({}, { couponUsable: false })).toEqual(['coupon_not_usable']);
  expect(why({}, { couponLeft: false })).toEqual(['no_coupon_left']);
  expect(why({ costPoints: 101 })).toEqual(['insufficient_points']);
  expect(why({ perCustomer: 1, costPoints: 101 }, { stockLeft: 0 })).toEqual([
    'customer_limit',
    'out_of_stock',
    'insufficient_points',
  ]);
});

test('the catalogue shows what is to be had by this customer, sold out or not', () => {
  const shows = (definition: Partial<RewardDefinition>, tier: string | null = 'gold') =>
    isVisible({ status: 'active', definition: { ...DEFINITION, ...definition } }, { tier, segments: [] }, NOW);
  expect(shows({})).toBe(true);
  expect(shows({}, null)).toBe(false);
  expect(shows({ startsAt: '2027-01-01T00:00:00Z' })).toBe(false);
  expect(shows({ endsAt: '2026-11-21T08:00:00Z' })).toBe(false);
  expect(isVisible({ status: 'draft', definition: DEFINITION }, FACTS, NOW)).toBe(false);
});

test('a reward that tiers name among their benefits is for those tiers alone', () => {
  const levels = [
    { id: 'silver', benefits: { rewards: [] } },
    { id: 'gold', benefits: { rewards: ['cup'] } },
    { id: 'platinum', benefits: { rewards: ['cup', 'pot'] } },
  ];
  const tiersOf = (id: string, audience: RewardDefinition['audience']) => {
    const { audience: _, ...rest } = DEFINITION;
    const definition = { ...rest, ...(audience ? { audience } : {}) };
    return withTierBenefits({ id, revision: 1, status: 'active', definition }, { levels }).definition.audience;
  };
  expect(tiersOf('cup', undefined)).toEqual({ tiers: ['gold', 'platinum'] });
  expect(tiersOf('cup', { segments: ['vip'] })).toEqual({ segments: ['vip'], tiers: ['gold', 'platinum'] });
  expect(tiersOf('cup', { tiers: ['silver', 'gold'] })).toEqual({ tiers: ['gold'] });
  expect(tiersOf('pot', { tiers: ['silver'] })).toEqual({ tiers: [] });
  expect(tiersOf('tea', { tiers: ['silver'] })).toEqual({ tiers: ['silver'] });
  expect(tiersOf('tea', undefined)).toBeUndefined();
  const reward = { id: 'cup', revision: 1, status: 'active' as const, definition: DEFINITION };
  expect(withTierBenefits(reward, undefined)).toBe(reward);
});

test('refusals have the codes callers know', () => {
  expect(claimRefused('out_of_stock')).toMatchObject({ kind: 'rejected', code: 'ledger.reward_out_of_stock' });
  expect(claimRefused('insufficient_points', { available: 3 })).toMatchObject({
    code: 'ledger.insufficient_points',
    details: { available: 3 },
  });
});

test('a reward ends after it starts', () => {
  checkReward(DEFINITION);
  checkReward({ startsAt: null, endsAt: null });
  expect(() => checkReward({ startsAt: '2026-01-02T00:00:00Z', endsAt: '2026-01-02T00:00:00Z' })).toThrow(
    expect.objectContaining({ code: 'ledger.invalid_reward' }),
  );
});

test('a changed stock keeps what is claimed and is spread evenly', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1_000 }),
      fc.integer({ min: 0, max: 1_000 }),
      fc.integer({ min: 0, max: 1_000 }),
      (before, takenOf, stock) => {
        const taken = Math.min(before, takenOf);
        const parts = restock([], 0, before);
        let left = taken;
        const sold = parts.map(({ slot, remaining }) => {
          const part = Math.min(left, remaining);
          left -= part;
          return { slot, remaining: remaining - part };
        });
        if (stock < taken) {
          expect(() => restock(sold, before, stock)).toThrow(
            expect.objectContaining({ code: 'ledger.stock_below_taken', details: { taken, requested: stock } }),
          );
          return;
        }
        const after = restock(sold, before, stock);
        const remaining = after.map((part) => part.remaining);
        expect(after.map(({ slot }) => slot)).toEqual(Array.from({ length: STOCK_SLOTS }, (_, slot) => slot));
        expect(remaining.reduce((sum, each) => sum + each, 0)).toBe(stock - taken);
        expect(Math.max(...remaining) - Math.min(...remaining)).toBeLessThanOrEqual(1);
      },
    ),
  );
});
