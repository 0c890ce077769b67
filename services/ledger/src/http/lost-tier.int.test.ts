import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions } from '../test/redemption.fixture.ts';
import { level, structure } from '../test/tiers.fixture.ts';

/** What is offered by tier is offered by the tier that is told, whether or not the sweep has been by. */
let ledger: LedgerHarness;
const { ok, addPool, addReward, claim, redeem, validate } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({
    // Kept to the end of the next month.
    tiers: structure({ window: { kind: 'calendar', period: 'month' }, levels: [level('silver', 100)], atRiskDays: 0 }),
  });
  await ledger.send(purchase('ann', 'order-1', 10_000));
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

test('a tier that is lost gives no reward and no coupon before the sweep, either', async () => {
  const rewardId = await addReward({ audience: { tiers: ['silver'] } });
  await addPool({ audience: { tiers: ['silver'] } }, { codes: ['SILVER'], usesPerCode: 9 });
  const offered = async () => ({
    tier: (await ok('GET', '/v1/customers/ann/tier')).tier?.id,
    rewards: (await ok('GET', '/v1/customers/ann/rewards')).rewards.length,
    reasons: (await validate(['SILVER'], { customerId: 'ann' }))
      .json()
      .results.map((each: { reason?: string }) => each.reason),
  });
  // The last instant of December in Berlin, and the first after it.
  ledger.clock.set('2026-12-31T22:59:59.999Z');
  expect(await offered()).toEqual({ tier: 'silver', rewards: 1, reasons: [undefined] });
  ledger.clock.set('2026-12-31T23:00:00Z');
  const lost = { tier: undefined, rewards: 0, reasons: ['not_eligible'] };
  expect(await offered()).toEqual(lost);
  expect((await claim('ann', rewardId)).json()).toMatchObject({ code: 'ledger.reward_not_for_customer' });
  expect((await redeem('cart-1', ['SILVER'], { customerId: 'ann' })).json()).toMatchObject({
    code: 'ledger.coupons_rejected',
  });
  await ledger.settle();
  expect(await offered()).toEqual(lost);
});
