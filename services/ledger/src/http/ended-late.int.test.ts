import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions } from '../test/redemption.fixture.ts';

/** What ends after its points have expired is answered as the balance tells it, whether or not the sweep has been by. */
let ledger: LedgerHarness;
const { addReward, claim, cancel } = redemptions(() => ledger);
const { expiresAfterDays: _, ...BARE } = PROGRAMME;

beforeAll(async () => {
  ledger = await startLedger({ ...BARE, timeZone: 'UTC', expiry: { kind: 'rolling', amount: 1, unit: 'days' } });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const HOLD = { ttlSeconds: 3 * 86_400 };
const earn = async (customerId: string, ...points: number[]): Promise<void> => {
  const time = ledger.clock.now().toString();
  await ledger.publish(points.map((each) => purchase(customerId, `${customerId}-${each}`, each * 100, { time })));
  await ledger.settle();
};
const reserve = async (customerId: string, points: number): Promise<string> => {
  const held = await ledger.call('POST', `/v1/customers/${customerId}/reservations`, { points, ...HOLD });
  expect(held.statusCode, held.body).toBe(201);
  return held.json().reservationId;
};
/** Ends something once all points have expired and before the sweep, and expects its balance to be the one that is told. */
const endsAsTold = async (customerId: string, end: () => ReturnType<LedgerHarness['call']>, told: object) => {
  ledger.clock.advance({ hours: 48 });
  const answer = await end();
  expect(answer.statusCode, answer.body).toBe(200);
  const {
    nextExpiration: _next,
    nextActivation: _activation,
    customerId: _id,
    ...balance
  } = await ledger.balance(customerId);
  expect(answer.json().balance).toEqual(balance);
  expect(balance).toMatchObject(told);
  await ledger.settle();
  expect(await ledger.balance(customerId)).toMatchObject(balance);
};

test('a reservation released after its lot has expired, beside a lot that has, too', async () => {
  await earn('ann', 5, 7);
  const id = await reserve('ann', 5);
  await endsAsTold('ann', () => ledger.call('POST', `/v1/reservations/${id}/release`), { active: 0, expired: 12 });
});

test('a reservation captured in part after its lot has expired', async () => {
  await earn('bob', 5);
  const id = await reserve('bob', 5);
  const capture = () => ledger.call('POST', `/v1/reservations/${id}/capture`, { points: 2 });
  await endsAsTold('bob', capture, { active: 0, spent: 2, expired: 3 });
});

test('a claim cancelled after its points have expired', async () => {
  await earn('dot', 10);
  const rewardId = await addReward();
  const { claimId } = (await claim('dot', rewardId)).json();
  await endsAsTold('dot', () => cancel(claimId), { active: 0, spent: 0, expired: 10 });
});
