import { event, InteractionRecorded } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

const IMMEDIATE = { ...PROGRAMME, expiresAfterDays: 30 };
const WAITING = {
  ...IMMEDIATE,
  activation: { kind: 'after', amount: 1, unit: 'hours' },
  rules: [
    {
      ...{ id: 'visit', name: 'Visit', order: 1, activation: { kind: 'immediate' } },
      ...{ trigger: { on: 'interaction', interactionType: 'visit' }, effect: { kind: 'fixed', points: 20 } },
    },
  ],
};

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const use = async (programme: object): Promise<void> => {
  const answer = await ledger.call('PUT', '/v1/programme', programme);
  expect(answer.statusCode, answer.body).toBe(200);
};
const ok = async (url: string, body: object) => {
  const answer = await ledger.call('POST', url, body);
  expect(answer.statusCode, answer.body).toBeLessThan(300);
  return answer.json();
};
/** What is left, and what brought it. */
const openLots = async (customerId: string): Promise<[string, number][]> =>
  (await ledger.call('GET', `/v1/customers/${customerId}/lots?state=open`))
    .json()
    .lots.map(({ kind, orderId, remaining }: { kind: string; orderId?: string; remaining: number }) => [
      kind === 'earn' && orderId !== undefined ? orderId : kind,
      remaining,
    ]);

/**
 * Owes 20 points, holds some, and has 20 that became spendable at this moment, an hour after they were earned: told at once, though
 * no sweep was by. Returns what holds them.
 */
const owe = async (customerId: string, holds = 0, ttlSeconds = 7_200): Promise<string | undefined> => {
  const time = ledger.clock.now();
  await use(IMMEDIATE);
  await ledger.send(purchase(customerId, `${customerId}-1`, 2_000, { time: time.toString() }));
  const url = `/v1/customers/${customerId}`;
  const { reservationId } = await ok(`${url}/reservations`, { points: 20 });
  await ok(`/v1/reservations/${reservationId}/capture`, {});
  if (holds > 0) await ok(`${url}/adjustments`, { points: holds, reason: 'test' });
  const held = holds > 0 ? await ok(`${url}/reservations`, { points: holds, ttlSeconds }) : undefined;
  await use(WAITING);
  await ledger.publish([
    refund(customerId, `${customerId}-r`, { scope: 'whole', orderId: `${customerId}-1`, time: time.toString() }),
    purchase(customerId, `${customerId}-2`, 2_000, { time: time.toString() }),
  ]);
  await ledger.settle();
  expect(await ledger.balance(customerId)).toMatchObject({ active: 0, negative: 20, pending: 20, reserved: holds });
  ledger.clock.set(time.add({ hours: 1 }));
  expect(await ledger.balance(customerId)).toMatchObject({ active: 0, negative: 0, pending: 0, reserved: holds });
  return held?.reservationId;
};

test('what became spendable before a gift or a grant has paid off what was owed, though no sweep was by', async () => {
  await owe('ann');
  await ok('/v1/customers/eve/adjustments', { points: 20, reason: 'test' });
  await ok('/v1/customers/eve/transfers', { toCustomerId: 'ann', points: 20, reason: 'test' });
  expect(await openLots('ann')).toEqual([['transfer_in', 20]]);
  await owe('bob');
  await use(IMMEDIATE);
  await ok('/v1/customers/bob/grants', { grantId: 'bob', points: 20, reason: 'test' });
  expect(await openLots('bob')).toEqual([['earn', 20]]);
});

test('before what a reservation gives back it has, too', async () => {
  const held = await owe('cid', 7);
  await ok(`/v1/reservations/${held}/release`, {});
  expect(await openLots('cid')).toEqual([['adjust', 7]]);
  await owe('dan', 7, 1_800);
  // The reservation timed out long before anybody looked; what it held comes back when somebody does.
  await ledger.settle();
  expect(await openLots('dan')).toEqual([['adjust', 7]]);
});

test('before what a cancelled reward gives back it has, too', async () => {
  const { rewardId } = await ok('/v1/rewards', { name: { en: 'Cup' }, costPoints: 7 });
  await ok(`/v1/rewards/${rewardId}/activate`, {});
  await ok('/v1/customers/eli/adjustments', { points: 7, reason: 'test' });
  const { claimId } = await ok(`/v1/customers/eli/rewards/${rewardId}/claims`, {});
  await owe('eli');
  await ok(`/v1/reward-claims/${claimId}/cancel`, {});
  expect(await openLots('eli')).toEqual([['adjust', 7]]);
});

test('before what a purchase, or an interaction, earns it has, too', async () => {
  await owe('fay');
  await use(IMMEDIATE);
  await ledger.send(purchase('fay', 'fay-3', 2_000, { time: ledger.clock.now().toString() }));
  expect(await openLots('fay')).toEqual([['fay-3', 20]]);
  await owe('gus');
  const visit = { id: newId(), source: '/test', time: ledger.clock.now().toString() };
  await ledger.send(event(InteractionRecorded, visit, { customerId: 'gus', interactionType: 'visit' }));
  expect(await openLots('gus')).toEqual([['earn', 20]]);
});
