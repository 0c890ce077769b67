import { CustomerErased, CustomerMerged, event, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

const [before, erasure, after] = ['2027-02-01T08:00:00Z', '2027-02-02T08:00:00Z', '2027-02-03T08:00:00Z'];
const at = (time: string) => ({ id: newId(), source: '/test', time });

beforeAll(async () => {
  ledger = await startLedger({}, { now: after });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

test('an order from before the erasure that comes after it is kept for nobody and earns nothing; so do its refunds', async () => {
  const sql = ledger.sql('ledger');
  const tiers = {
    ...{
      metric: { kind: 'orders' },
      window: { kind: 'calendar', period: 'year' },
      validity: { kind: 'windows', more: 0 },
    },
    levels: [{ id: 'all', name: { en: 'all', fa: 'all' }, threshold: 1, benefits: { rewards: [] } }],
    ...{ graceDays: 0, downgrade: 'to_earned', atRiskDays: 0 },
  };
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, tiers })).statusCode).toBe(200);
  const waits = (customerId: string, refundId: string, time: string) =>
    refund(customerId, refundId, { scope: 'whole', orderId: 'late-1', time });
  await ledger.send(waits('late', 'late-r1', before), waits('somebody', 'late-r2', before));
  await ledger.send(event(CustomerErased, at(erasure), { customerId: 'late' }));

  const told = (await ledger.events(Topics.points)).length;
  const late = purchase('late', 'late-1', 5_000, { time: before });
  await ledger.send(
    ...[late, late, purchase('late', 'late-2', 100, { time: erasure })],
    waits('late', 'late-r3', before),
    refund('late', 'late-r4', { scope: 'amount', amountMinor: 100, time: erasure }),
    refund('late', 'late-r5', { scope: 'whole', orderId: 'late-unknown', time: before }),
  );
  expect(await ledger.events(Topics.points)).toHaveLength(told);
  const known = async (table: string) => sql`select 1 from ${sql(table)} where customer_id = 'late'`;
  for (const table of ['balance', 'purchase', 'refund', 'qualification', 'tier_state'])
    expect(await known(table), table).toEqual([]);
  // Nor has nobody an account for it: the free tier would count one more.
  expect(await sql`select customer_id from balance where customer_id like 'erased:%'`).toEqual([]);
  expect(
    await sql`select order_id, left(customer_id, 7) as of, points_earned, note from purchase where order_id like 'late-%'
      order by order_id`,
  ).toEqual([
    { order_id: 'late-1', of: 'erased:', points_earned: 0, note: 'customer_erased' },
    { order_id: 'late-2', of: 'erased:', points_earned: 0, note: 'customer_erased' },
  ]);
  const kept = await sql`select refund_id, status, note from refund where refund_id like 'late-r%' order by refund_id`;
  const ids = ['late-r1', 'late-r2', 'late-r3', 'late-r4', 'late-r5'];
  expect(kept).toEqual(ids.map((refund_id) => ({ refund_id, status: 'void', note: 'customer_erased' })));
  expect(await ledger.deadLetters('ledger')).toEqual([]);
  await ledger.send(purchase('late', 'late-3', 700, { time: after }));
  expect(await ledger.balance('late')).toMatchObject({ active: 7, earned: 7 });
});

test('a refund from after the erasure does not tell whose the order was: it is kept under the name of the order', async () => {
  const sql = ledger.sql('ledger');
  await ledger.send(purchase('returns', 'returns-1', 5_000, { time: before }));
  await ledger.send(event(CustomerErased, at(erasure), { customerId: 'returns' }));
  const whole = (refundId: string, orderId: string) =>
    refund('returns', refundId, { scope: 'whole', orderId, time: after });
  await ledger.send(whole('returns-r1', 'returns-1'), whole('returns-r2', 'returns-2'));
  // The second one waited for an order that is told late.
  await ledger.send(purchase('returns', 'returns-2', 700, { time: before }));
  await ledger.send(whole('returns-r1', 'returns-1'));
  expect(
    await sql`select refund_id, status, r.customer_id = p.customer_id as same from refund r join purchase p using (order_id)
      where refund_id like 'returns-%' order by refund_id`,
  ).toEqual([
    { refund_id: 'returns-r1', status: 'void', same: true },
    { refund_id: 'returns-r2', status: 'void', same: true },
  ]);
  for (const table of ['purchase', 'refund'])
    expect(await sql`select 1 from ${sql(table)} where customer_id = 'returns'`, table).toEqual([]);
  const told = (await ledger.call('GET', '/v1/orders/returns-1/earnings')).json();
  expect(told).toMatchObject({ pointsTakenBack: 0, refunds: [{ refundId: 'returns-r1', note: 'customer_erased' }] });
});

test('a refund that waited for an order that is told after the erasure is void as that is kept, before any sweep', async () => {
  const sql = ledger.sql('ledger');
  const waits = refund('friend', 'waits-r', { scope: 'whole', orderId: 'waits-1', time: before });
  await ledger.send(waits, event(CustomerErased, at(erasure), { customerId: 'waits' }));
  await ledger.publish([purchase('waits', 'waits-1', 900, { time: before })]);
  const kept = () => sql`select r.status, r.customer_id = p.customer_id as same from purchase p
    left join refund r using (order_id) where order_id = 'waits-1'`;
  await vi.waitUntil(async () => (await kept()).length > 0);
  expect(await kept()).toEqual([{ status: 'void', same: true }]);
  await ledger.settle();
});

test('an erasure or a merge that is told again, or late, is not about who came since under the same id', async () => {
  const erase = event(CustomerErased, at(erasure), { customerId: 'again' });
  await ledger.send(
    purchase('again', 'again-1', 5_000, { time: before }),
    purchase('other', 'other-1', 900, { time: before }),
  );
  await ledger.send(erase);
  await ledger.send(purchase('again', 'again-2', 300, { time: after }), erase);
  expect(await ledger.balance('again')).toMatchObject({ customerId: 'again', active: 3 });
  await ledger.send(event(CustomerMerged, at(before), { customerId: 'again', intoCustomerId: 'other' }));
  await ledger.send(event(CustomerMerged, at(before), { customerId: 'other', intoCustomerId: 'again' }));
  expect(await ledger.balance('again')).toMatchObject({ customerId: 'again', active: 3 });
  expect(await ledger.balance('other')).toMatchObject({ customerId: 'other', active: 9 });
});

test('a merge that is told again after its old id was erased alone, and has begun anew, is one more merge', async () => {
  const merge = event(CustomerMerged, at(after), { customerId: 'nick', intoCustomerId: 'name' });
  await ledger.send(
    purchase('nick', 'nick-1', 500, { time: before }),
    purchase('name', 'name-1', 100, { time: before }),
  );
  await ledger.send(merge);
  expect(await ledger.balance('nick')).toMatchObject({ customerId: 'name', active: 6 });
  ledger.clock.advance('PT1S');
  await ledger.send(event(CustomerErased, at(erasure), { customerId: 'nick' }));
  await ledger.send(purchase('nick', 'nick-2', 300, { time: after }));
  await ledger.send(merge);
  expect(await ledger.balance('nick')).toMatchObject({ customerId: 'name', active: 9 });
});

test('a draft is not tried on orders of nobody: they earn nothing by any programme', async () => {
  const currency = 'USD';
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rates: [{ currency, points: 1, perMinor: 100 }] });
  await ledger.send(event(CustomerErased, at(erasure), { customerId: 'tried' }));
  await ledger.send(
    purchase('tried', 'tried-1', 5_000, { time: before, currency }),
    purchase('tried', 'tried-2', 7_000, { time: after, currency }),
  );
  ledger.clock.advance({ seconds: 1 });
  const { draftId } = (await ledger.call('POST', '/v1/programme/drafts', {})).json();
  const asked = await ledger.call('POST', `/v1/programme/drafts/${draftId}/replays`, { days: 30 });
  await ledger.settle();
  const { result } = (await ledger.call('GET', `/v1/programme/replays/${asked.json().replayId}`)).json();
  expect(result.byCurrency.filter((each: { currency: string }) => each.currency === currency)).toMatchObject([
    { orders: 1, turnoverMinor: 7_000, booked: 70, draft: 70 },
  ]);
});
