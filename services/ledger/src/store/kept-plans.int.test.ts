import { readKeepingPlans, type Sql } from '@vafa/bus';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, refund } from '../test/events.fixture.ts';
import { type Begin, beginOn, keptPlanOf, plansWhile, trapsOf } from '../test/kept-plans.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions } from '../test/redemption.fixture.ts';
import { level, structure } from '../test/tiers.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { explainOrder } from '../use-cases/explain-order.ts';
import { limitGuesses } from '../use-cases/limit-guesses.ts';
import { listCustomerRewards } from '../use-cases/list-customer-rewards.ts';
import { listLots } from '../use-cases/list-lots.ts';
import { quotePoints } from '../use-cases/pay-with-points.ts';
import { readTier } from '../use-cases/read-tier.ts';
import { redeemCoupons } from '../use-cases/redeem-coupons.ts';
import { transferPoints } from '../use-cases/transfer-points.ts';
import { readBalance } from './read-balance.ts';
import { LOT_STATES } from './read-lots.ts';

let ledger: LedgerHarness;
const currentRules = createCurrentRules();
const { addReward, addPool } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({
    pointValues: [{ currency: 'EUR', minor: 1, perPoints: 1 }],
    tiers: structure({ levels: [level('silver', 10)] }),
  });
  await ledger.send(
    purchase('ann', 'order-1', 100_000),
    refund('ann', 'refund-1', { orderId: 'order-1', scope: 'amount', amountMinor: 100 }),
  );
  await addReward({ couponPoolId: await addPool({}, { codes: ['REWARD'] }) });
  await addPool({}, { codes: ['EVERY'], usesPerCode: 20 });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

/** What shops ask of a customer or an order, and what is decided of one: each must be among the statements looked at. */
const ASKED = [
  ...['left join lateral', 'from coupon_use where live', 'from wrong_code', 'qualification', 'from tier_state'],
  ...[
    'from reward',
    'from reward_claim',
    'from refund',
    'from purchase',
    'from coupon c',
    'insert into coupon_redemption',
  ],
  ...['from lot join transfer', 'from transfer t join lot', 'm.next_activation_at <= m.now'],
  ...['insert into coupon_use', 'update coupon set', 'insert into transfer', 'update lot', 'insert into seal'],
];

const readAll = async (sql: Sql): Promise<void> => {
  const customerId = 'ann';
  const [now, deps] = [ledger.clock.now(), { currentRules }];
  await readKeepingPlans(sql, (tx) => readBalance(tx, customerId, now));
  await readTier(sql, customerId, now, deps);
  await quotePoints(sql, { customerId, currency: 'EUR', amountMinor: 5 }, now, deps);
  expect((await listCustomerRewards(sql, { customerId, limit: 20 }, now, deps)).offered).toHaveLength(1);
  expect((await explainOrder(sql, 'order-1', now)).refunds).toHaveLength(1);
  const page = { after: null, limit: 20, now };
  const lots = await Promise.all(LOT_STATES.map((state) => listLots(sql, { customerId, state }, page)));
  expect(lots.map(({ length }) => length)).toEqual([1, 0, 1]);
};

const useCoupon = async (begin: Begin, sql: Sql, orderId: string): Promise<void> => {
  const now = ledger.clock.now();
  const guesses = limitGuesses(sql, { perCustomer: 9, perKey: 9, windowSeconds: 900 });
  const cart = { currency: 'EUR', totalMinor: 1_000, lines: [] };
  const command = { orderId, customerId: 'ann', cart, codes: ['EVERY'], holdSeconds: null };
  await begin(
    '',
    (tx) => {
      const refuseGuessing = () => guesses.check(tx, { customerId: 'ann', apiKey: 'test' }, now);
      const deps = { currentRules, refuseGuessing, countCodes: () => undefined };
      return redeemCoupons(tx, command, { actor: 'test', now }, deps);
    },
    '',
  );
};

const giveOne = async (begin: Begin): Promise<void> => {
  const gift = { customerId: 'ann', toCustomerId: 'bob', points: 1, reason: 'test' };
  const call = { actor: 'test', now: ledger.clock.now() };
  await begin('', (tx) => transferPoints(tx, gift, call, { currentRules }), '');
};

test('what is asked of one customer or order, a coupon and a gift keep their plans and read no table to its end', async () => {
  const connection = await ledger.sql('ledger').reserve();
  try {
    const begin = beginOn(connection);
    const sql = { begin } as unknown as Sql;
    const plans = await plansWhile(connection, async () => {
      for (let run = 0; run < 3; run++) {
        await readAll(sql);
        await useCoupon(begin, sql, `used-for-${run}`);
        await giveOne(begin);
      }
    });
    for (const each of ASKED)
      expect(
        plans.some(({ statement }) => statement.includes(each)),
        each,
      ).toBe(true);
    for (const { statement, custom } of plans) {
      expect(custom, statement).toBe(0);
      expect(trapsOf(await keptPlanOf(ledger.sql('ledger'), statement)), statement).toEqual([]);
    }
  } finally {
    connection.release();
  }
});
