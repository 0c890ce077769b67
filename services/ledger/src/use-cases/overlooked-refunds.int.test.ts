import { Topics } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { customerMerged } from '../test/redemption.fixture.ts';
import { level, structure } from '../test/tiers.fixture.ts';
import { untilWaiting } from '../test/until-waiting.fixture.ts';
import { createCurrentRules } from './current-programme.ts';
import { settleOverlooked } from './settle-overlooked.ts';

/** Refunds that find their order late: a job finds those that were overlooked, a merger those that are open for orders. */

let ledger: LedgerHarness;

beforeAll(async () => {
  const tiers = structure({
    ...{ metric: { kind: 'points_earned' }, window: { kind: 'rolling', months: 3 }, levels: [level('silver', 50)] },
    ...{ validity: { kind: 'while_earned' }, downgrade: 'to_earned' },
  });
  ledger = await startLedger({ ...PROGRAMME, tiers });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

/** As two transactions that did not see each other leave it: its order is there. */
const overlook = (customerId: string, refundId: string, orderId: string) =>
  ledger.sql('ledger')`
    insert into refund (refund_id, customer_id, content_hash, order_id, scope, currency, occurred_at, recorded_at, status)
    values (${refundId}, ${customerId}, gen_random_uuid(), ${orderId}, 'whole', 'EUR', ${T0}, ${T0}, 'waiting')`;
const toldOf = async (customerId: string) =>
  (await ledger.events(Topics.points)).filter(({ subject }) => subject === customerId).map(({ type }) => type);
const tierOf = async (customerId: string) => (await ledger.call('GET', `/v1/customers/${customerId}/tier`)).json();
/** What the job does, before any other has been by. */
const settle = (): Promise<number> =>
  ledger.sql('ledger').begin((tx) => {
    const deps = { currentRules: createCurrentRules(), refunds: { lookBackPurchases: 10, openDays: 1 } };
    return settleOverlooked(tx, ledger.clock.now(), 100, deps);
  });

test('what two processes find overlooked at the same moment is settled once', async () => {
  await ledger.send(purchase('bob', 'bob-1', 1_000), purchase('bob', 'bob-2', 500));
  await overlook('bob', 'bob-r', 'bob-1');
  let both: Promise<number[]> | undefined;
  await ledger.sql('ledger').begin(async (tx) => {
    await tx`select from balance where customer_id = 'bob' for update`;
    both = Promise.all([settle(), settle()]);
    await untilWaiting(ledger, 2);
  });
  expect((await both)?.sort()).toEqual([0, 1]);
  expect(await ledger.balance('bob')).toMatchObject({ active: 5 });
  expect(await tierOf('bob')).toMatchObject({ progress: { amount: 5 } });
});

test('what an open refund finds by a merger counts towards tiers no more', async () => {
  await ledger.send(purchase('cat', 'cat-1', 6_000), refund('dan', 'dan-r', { scope: 'amount', amountMinor: 6_000 }));
  await ledger.send(customerMerged('cat', 'dan'));
  expect(await toldOf('dan')).toEqual(['tier.changed', 'points.clawed_back']);
  expect(await tierOf('dan')).toMatchObject({ tier: { id: 'silver' }, progress: { amount: 0 } });
});

test('what was overlooked is told, and counts towards tiers no more; a tier that is past its time is told as lost', async () => {
  await ledger.send(purchase('ann', 'ann-1', 6_000), purchase('ann', 'ann-2', 1_000));
  expect(await tierOf('ann')).toMatchObject({ tier: { id: 'silver' }, progress: { amount: 70 } });
  ledger.clock.advance({ hours: 24 * 200 });
  await overlook('ann', 'ann-r', 'ann-1');
  expect(await settle()).toBe(1);
  await ledger.settle();
  const earned = 'points.earned';
  expect(await toldOf('ann')).toEqual([earned, earned, 'tier.changed', 'points.clawed_back', 'tier.changed']);
  expect(await tierOf('ann')).toMatchObject({ tier: null });
});
