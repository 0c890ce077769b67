import { CustomerErased, CustomerMerged, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { expect } from 'vitest';
import type { CouponTerms } from '../domain/coupons/terms.ts';
import type { RewardDefinition } from '../domain/rewards/reward.ts';
import { purchase, T0 } from './events.fixture.ts';
import type { LedgerHarness } from './ledger.fixture.ts';

/** A tenth off, for anybody, beside anything. */
export const TERMS: CouponTerms = {
  discount: { kind: 'percent', numerator: 10, denominator: 100, base: 'remaining' },
  perCustomer: null,
  startsAt: null,
  endsAt: null,
  stacking: { group: null, exclusive: false, with: null, order: 0 },
};

/** Ten points, any number, for everybody. */
export const REWARD: RewardDefinition = {
  name: { en: 'Cup', fa: 'فنجان' },
  costPoints: 10,
  stock: null,
  perCustomer: null,
  startsAt: null,
  endsAt: null,
  couponPoolId: null,
};

export const customerMerged = (customerId: string, intoCustomerId: string) =>
  event(CustomerMerged, { id: newId(), source: '/test', time: T0 }, { customerId, intoCustomerId });
export const customerErased = (customerId: string) =>
  event(CustomerErased, { id: newId(), source: '/test', time: T0 }, { customerId });

/** Deeds of the tests of rewards and coupons. */
export const redemptions = (ledger: () => LedgerHarness) => {
  const ok = async (method: 'GET' | 'POST' | 'PUT', url: string, payload?: unknown) => {
    const answer = await ledger().call(method, url, payload);
    expect(answer.statusCode, answer.body).toBeLessThan(300);
    return answer.json();
  };
  return {
    ok,
    /** Gives each customer points, by a purchase. */
    earn: async (points: number, ...customers: string[]): Promise<void> => {
      await ledger().publish(customers.map((id) => purchase(id, `${id}-earns-${points}`, points * 100)));
      await ledger().settle();
    },
    /** An active reward's id. */
    addReward: async (more: Partial<RewardDefinition> = {}): Promise<string> => {
      const { rewardId } = await ok('POST', '/v1/rewards', { ...REWARD, ...more });
      await ok('POST', `/v1/rewards/${rewardId}/activate`);
      return rewardId;
    },
    /** A pool's id; with `codes` these are uploaded (a comma and an instant let one end), else as many are generated as `generate` says. */
    addPool: async (
      more: Partial<CouponTerms> = {},
      settings: { codes?: string[]; generate?: number; usesPerCode?: number; validDays?: number } = {},
    ): Promise<string> => {
      const { codes, generate, usesPerCode = 1, validDays = null } = settings;
      const pattern = codes ? null : 'VAFA-####-####-##';
      const body = { name: 'Pool', terms: { ...TERMS, ...more }, validDays, pattern, usesPerCode };
      const { poolId } = await ok('POST', '/v1/coupon-pools', body);
      if (codes) {
        const answer = await ledger().call(
          'POST',
          `/v1/coupon-pools/${poolId}/codes`,
          `code,expiresAt\n${codes.join('\n')}\n`,
          {
            'content-type': 'text/csv',
          },
        );
        expect(answer.json(), answer.body).toMatchObject({ added: codes.length, refused: 0 });
      }
      if (generate) {
        await ok('POST', `/v1/coupon-pools/${poolId}/generate`, { codes: generate });
        await ledger().settle();
      }
      return poolId;
    },
    claim: (customerId: string, rewardId: string, payload?: unknown, headers?: Record<string, string>) =>
      ledger().call('POST', `/v1/customers/${customerId}/rewards/${rewardId}/claims`, payload, headers),
    cancel: (claimId: string, payload?: unknown) =>
      ledger().call('POST', `/v1/reward-claims/${claimId}/cancel`, payload),
    stockLeft: async (rewardId: string): Promise<number | null> =>
      (await ok('GET', `/v1/rewards/${rewardId}`)).stockLeft,
    redeem: (orderId: string, codes: string[], more: object = {}, headers?: Record<string, string>) =>
      ledger().call(
        'POST',
        '/v1/coupons/redemptions',
        { orderId, currency: 'EUR', totalMinor: 1_000, codes, ...more },
        headers,
      ),
    validate: (codes: string[], more: object = {}) =>
      ledger().call('POST', '/v1/coupons/validate', { currency: 'EUR', totalMinor: 1_000, codes, ...more }),
  };
};
