import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAtDamage, rulesBroken } from '../test/damage.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions } from '../test/redemption.fixture.ts';
import { REDEMPTION_RULES } from './verify-redemption-rules.ts';

let ledger: LedgerHarness;
const { ok, earn, addReward, addPool, claim, redeem } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({ pointValues: [{ currency: 'EUR', minor: 5, perPoints: 3 }] });
  await earn(100, 'ann');
  const couponPoolId = await addPool({}, { codes: ['GIVEN-1', 'GIVEN-2', 'GIVEN-3'] });
  const rewardId = await addReward({ stock: 9, couponPoolId });
  await claim('ann', rewardId);
  const { claimId } = (await claim('ann', rewardId)).json();
  await ok('POST', `/v1/reward-claims/${claimId}/cancel`);
  await claim('ann', await addReward());
  await addPool({}, { codes: ['OFTEN'], usesPerCode: 9 });
  await redeem('order-used', ['OFTEN'], { customerId: 'ann' });
  await redeem('order-held', ['OFTEN'], { customerId: 'ann', holdSeconds: 600 });
  await redeem('order-back', ['OFTEN'], { customerId: 'ann' });
  await ok('POST', '/v1/coupons/redemptions/order-back/release');
  const { reservationId } = await ok('POST', '/v1/customers/ann/points-payments', { currency: 'EUR', amountMinor: 50 });
  await ok('POST', `/v1/points-payments/${reservationId}/capture`, { amountMinor: 20 });
});
afterAll(() => ledger.stop());

const brokenBy = (damage: string): Promise<string[]> =>
  lookAtDamage(ledger, damage, (tx) => rulesBroken(tx, REDEMPTION_RULES));

test('sound rewards and coupons have no violations', async () => {
  expect(await brokenBy('select 1')).toEqual([]);
  await ledger.verify();
});

test.each([
  ['a piece lost', 'update reward_stock set remaining = remaining + 1 where slot = 3', ['reward_stock_is_claims']],
  [
    'a stock of what is not limited',
    "insert into reward_stock select id, 1, 1 from reward where definition ->> 'stock' is null",
    ['reward_stock_is_claims'],
  ],
  ['a claim that paid less', 'update reward_claim set points = 9', ['claim_is_spent']],
  ['a claim without its entry', 'update reward_claim set entry_id = gen_random_uuid()', ['claim_is_spent']],
  [
    'a cancelled claim that gave nothing back',
    "update reward_claim set cancel_entry_id = null where status = 'cancelled'",
    ['claim_is_spent'],
  ],
  [
    'a claim of a code that says another',
    'update coupon set claim_id = gen_random_uuid() where claim_id is not null',
    ['claim_has_its_code'],
  ],
  [
    "a code of a claim that is nobody's",
    'update coupon set customer_id = null where claim_id is not null',
    ['claim_has_its_code'],
  ],
  ['a code that outlives its claim', 'update coupon set voided = false', ['claim_has_its_code']],
  [
    'a use that is not counted',
    "update coupon set redeemed = redeemed - 1 where code = 'OFTEN'",
    ['coupon_counts_are_uses'],
  ],
  [
    'a use held by nobody',
    "update coupon set reserved = reserved + 1 where code = 'GIVEN1'",
    ['coupon_counts_are_uses'],
  ],
  [
    'a discount of no code',
    "update coupon_redemption set discount_minor = 1 where order_id = 'order-used'",
    ['redemption_is_its_codes'],
  ],
  [
    'a use that counts after it was given back',
    "update coupon_use set live = true where order_id = 'order-back'",
    ['redemption_is_its_codes'],
  ],
  [
    'an order whose use does not count',
    "update coupon_use set live = false where order_id = 'order-held'",
    ['coupon_counts_are_uses', 'redemption_is_its_codes'],
  ],
  [
    'an attempt forgotten',
    "update coupon_redemption set attempt = 2, discount_minor = 0 where order_id = 'order-used'",
    ['redemption_is_its_codes'],
  ],
  [
    "a use that counts for another's limit",
    "update coupon_use set customer_id = 'bob' where order_id = 'order-used'",
    ['coupon_use_is_of_its_order'],
  ],
  [
    "a use that counts for another pool's limit",
    "update coupon_use set pool_id = gen_random_uuid() where order_id = 'order-held'",
    ['coupon_use_is_of_its_order'],
  ],
  [
    "an order with codes that is another customer's",
    "update coupon_redemption set customer_id = null where order_id = 'order-used'",
    ['coupon_use_is_of_its_order'],
  ],
  [
    'more money paid than the points are worth',
    'update points_payment set captured_minor = 21',
    ['payment_is_worth_it'],
  ],
  ['a payment for too few points', 'update points_payment set amount_minor = 51', ['payment_is_worth_it']],
  ['a payment for too many points', 'update points_payment set amount_minor = 48', ['payment_is_worth_it']],
  [
    'a payment at a value that points never had',
    'update points_payment set value_minor = 10, per_points = 6',
    ['payment_is_worth_it'],
  ],
  [
    'a payment without its reservation',
    'update points_payment set reservation_id = gen_random_uuid()',
    ['payment_is_worth_it'],
  ],
])('%s is found', async (_, damage, rules) => {
  expect(await brokenBy(damage)).toEqual(rules);
});
