import { CustomerErased, CustomerMerged, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { createApiKey, SCOPES } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { redemptions } from '../test/redemption.fixture.ts';

let ledger: LedgerHarness;
const { addReward, addPool } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({ approvalAbovePoints: 100 });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const of = () => ({ id: newId(), source: '/test', time: T0 });
const rowsWith = async (text: string): Promise<number> => {
  const rows = await ledger.sql('ledger')`select 1 from idempotency_key k where k::text ~ ${`\\m${text}\\M`}`;
  return rows.length;
};
type Asked = [url: string, payload: unknown, headers: Record<string, string>];

test('of an erased customer no answer is kept, and what was done is not done again', async () => {
  const { secret } = await createApiKey(ledger.admin, { name: 'second', scopes: SCOPES }, ledger.clock.now());
  const second = { authorization: `Bearer ${secret}` };
  await ledger.send(...['gone', 'gone-too', 'stays'].map((who) => purchase(who, `${who}-1`, 90_000)));
  const reward = await addReward();
  await addPool({}, { codes: ['SUMMER'], usesPerCode: 9 });
  const asked: Asked[] = [];
  const ask = async (url: string, payload: unknown, headers: Record<string, string> = {}) => {
    const key = { 'idempotency-key': `key-${asked.length}`, ...headers };
    const answer = await ledger.call('POST', url, payload, key);
    expect(answer.statusCode, answer.body).toBeLessThan(300);
    asked.push([url, payload, key]);
    return answer.json();
  };
  const reason = 'telephoned';
  for (const who of ['gone', 'gone-too', 'stays']) {
    const { requestId } = await ask(`/v1/customers/${who}/adjustments`, { points: 101, reason });
    await ask(`/v1/adjustment-requests/${requestId}/approve`, { reason }, second);
    const { claimId } = await ask(`/v1/customers/${who}/rewards/${reward}/claims`, {});
    await ask(`/v1/reward-claims/${claimId}/cancel`, { reason });
    await ask('/v1/coupons/redemptions', {
      ...{ customerId: who, orderId: `${who}-2`, currency: 'EUR', totalMinor: 1_000, lines: [], codes: ['SUMMER'] },
    });
    const { reservationId } = await ask(`/v1/customers/${who}/reservations`, { points: 5 });
    await ask(`/v1/reservations/${reservationId}/capture`, { points: 3 });
  }
  await ledger.send(event(CustomerMerged, of(), { customerId: 'gone-too', intoCustomerId: 'gone' }));
  expect([await rowsWith('gone'), await rowsWith('telephoned')]).toEqual([10, 9]);

  await ledger.send(event(CustomerErased, of(), { customerId: 'gone' }));
  expect([await rowsWith('gone'), await rowsWith('telephoned')]).toEqual([0, 3]);
  const before = await ledger.sql('ledger')`select * from idempotency_key order by key`;
  for (const [i, [url, payload, headers]] of asked.entries()) {
    const again = await ledger.call('POST', url, payload, headers);
    // What names nobody is told again.
    const told = i >= 14 || i % 7 >= 5;
    if (told) expect(again.headers['idempotency-replayed']).toBe('true');
    else expect(again.json(), url).toMatchObject({ status: 409, code: 'http.answer_forgotten' });
  }
  expect(await ledger.sql('ledger')`select * from idempotency_key order by key`).toEqual(before);
  const { requests } = (await ledger.call('GET', '/v1/adjustment-requests?limit=200')).json();
  expect(requests).toHaveLength(3);
  expect(await ledger.balance('gone')).toMatchObject({ active: 0, earned: 0 });
});
