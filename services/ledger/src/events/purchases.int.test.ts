import { Topics } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

test('a purchase earns points once, however often it comes', async () => {
  const first = purchase('ann', 'ann-1', 2_599);
  await ledger.send(first, first, purchase('ann', 'ann-1', 2_599));
  await ledger.send(first);
  expect(await ledger.balance('ann')).toEqual({
    customerId: 'ann',
    active: 25,
    pending: 0,
    reserved: 0,
    spent: 0,
    expired: 0,
    negative: 0,
    earned: 25,
    nextExpiration: null,
    nextActivation: null,
  });
  const events = (await ledger.events(Topics.points)).filter(({ subject }) => subject === 'ann');
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    type: 'points.earned',
    time: T0,
    data: { customerId: 'ann', points: 25, balanceAfter: 25, reason: 'purchase', orderId: 'ann-1', ruleId: 'base' },
  });
});

test('many purchases of many customers in one batch keep running balances', async () => {
  const events = Array.from({ length: 300 }, (_, i) => purchase(`many-${i % 7}`, `many-o-${i}`, 100 * (i + 1)));
  await ledger.publish(events);
  await ledger.settle();
  for (let customer = 0; customer < 7; customer++) {
    const own = events.filter(({ subject }) => subject === `many-${customer}`);
    const earned = own.reduce((sum, { data }) => sum + data.totalMinor / 100, 0);
    expect(await ledger.balance(`many-${customer}`)).toMatchObject({ active: earned, earned });
    const page = (await ledger.call('GET', `/v1/customers/many-${customer}/statement?limit=200`)).json();
    expect(page.entries).toHaveLength(own.length);
    expect(page.entries[0].balanceAfter).toBe(earned);
    expect(page.entries.at(-1)).toMatchObject({ points: customer + 1, balanceAfter: customer + 1 });
  }
});

test('the same order with other content is set aside, also within one batch', async () => {
  await ledger.publish([
    purchase('bob', 'bob-1', 1_000),
    purchase('bob', 'bob-1', 1_100),
    purchase('bob', 'bob-2', 500),
  ]);
  await ledger.settle();
  await ledger.send(purchase('bob', 'bob-2', 600));
  expect(await ledger.balance('bob')).toMatchObject({ active: 15 });
  const letters = (await ledger.deadLetters('ledger')).filter(({ key }) => key === 'bob');
  expect(letters.map(({ errorCode, status }) => [errorCode, status])).toEqual([
    ['ledger.purchase_conflict', 'parked'],
    ['ledger.purchase_conflict', 'parked'],
  ]);
});

test('without a rate for the currency, or with too little, a purchase is kept and earns nothing, with the reason', async () => {
  await ledger.send(purchase('cid', 'cid-1', 5_000, { currency: 'USD' }), purchase('cid', 'cid-2', 99));
  expect(await ledger.balance('cid')).toMatchObject({ active: 0, earned: 0 });
  const rows = await ledger.sql(
    'ledger',
  )`select order_id, note, points_earned from purchase where customer_id = 'cid' order by 1`;
  expect(rows).toEqual([
    { order_id: 'cid-1', note: 'no_rate', points_earned: 0 },
    { order_id: 'cid-2', note: 'nothing_earned', points_earned: 0 },
  ]);
});

test('a refund in parts takes back exactly what was earned, and no more', async () => {
  await ledger.publish([purchase('dan', 'dan-1', 1_000)]);
  const thirds = [333, 333, 333].map((amountMinor, i) =>
    refund('dan', `dan-r${i}`, { scope: 'amount', orderId: 'dan-1', amountMinor }),
  );
  await ledger.publish(thirds);
  await ledger.settle();
  expect(await ledger.balance('dan')).toMatchObject({ active: 1 });
  await ledger.send(refund('dan', 'dan-r3', { scope: 'amount', orderId: 'dan-1', amountMinor: 500 }));
  expect(await ledger.balance('dan')).toMatchObject({ active: 0, earned: 10, negative: 0 });
  const [row] = await ledger.sql(
    'ledger',
  )`select matched_minor, unmatched_minor, points_taken from refund where refund_id = 'dan-r3'`;
  expect(row).toEqual({ matched_minor: 1, unmatched_minor: 499, points_taken: 1 });
});

test('a refund that overtakes its purchase waits for it', async () => {
  await ledger.send(refund('eve', 'eve-r1', { scope: 'whole', orderId: 'eve-1' }));
  expect((await ledger.call('GET', '/v1/ledger/totals')).json().counts.refundsWaiting).toBe(1);
  await ledger.send(purchase('eve', 'eve-1', 700), purchase('eve', 'eve-2', 300));
  expect(await ledger.balance('eve')).toMatchObject({ active: 3, earned: 10 });
  expect((await ledger.call('GET', '/v1/ledger/totals')).json().counts.refundsWaiting).toBe(0);
  const points = (await ledger.events(Topics.points)).filter(({ subject }) => subject === 'eve');
  expect(points.map(({ type, data }) => [type, (data as { points: number }).points])).toEqual([
    ['points.earned', 7],
    ['points.clawed_back', 7],
    ['points.earned', 3],
  ]);
});

test('a refund that waited and does not fit the order that comes is counted as refused', async () => {
  const counts = async () => (await ledger.call('GET', '/v1/ledger/totals')).json().counts;
  const before = await counts();
  await ledger.publish([
    refund('ivy', 'misfit-r1', { scope: 'amount', orderId: 'misfit-1', amountMinor: 100, currency: 'USD' }),
    refund('jon', 'misfit-r2', { scope: 'whole', orderId: 'misfit-1' }),
  ]);
  await ledger.settle();
  await ledger.send(purchase('ivy', 'misfit-1', 700));
  expect(await ledger.balance('ivy')).toMatchObject({ active: 7 });
  expect(await counts()).toMatchObject({
    refundsWaiting: before.refundsWaiting,
    refundsRefused: before.refundsRefused + 2,
  });
});

test('refund and purchase in the wrong order within one batch', async () => {
  await ledger.publish([
    refund('fay', 'fay-r1', { scope: 'lines', orderId: 'fay-1', lines: [{ sku: 'a', quantity: 1, amountMinor: 400 }] }),
    purchase('fay', 'fay-1', 1_000, {
      lines: [
        { sku: 'a', quantity: 2, amountMinor: 800 },
        { sku: 'b', quantity: 1, amountMinor: 200 },
      ],
    }),
  ]);
  await ledger.settle();
  expect(await ledger.balance('fay')).toMatchObject({ active: 6, earned: 10 });
});

test('a refund of lines without an order takes the newest purchases of those skus', async () => {
  const line = (sku: string, quantity: number, amountMinor: number) => ({ sku, quantity, amountMinor });
  await ledger.publish([
    purchase('gus', 'gus-1', 1_000, { time: '2026-11-01T10:00:00Z', lines: [line('x', 5, 1_000)] }),
    purchase('gus', 'gus-2', 2_000, { time: '2026-11-02T10:00:00Z', lines: [line('x', 4, 1_200), line('y', 1, 800)] }),
    purchase('gus', 'gus-3', 9_000, { time: '2026-11-20T10:00:00Z', lines: [line('x', 9, 9_000)] }),
  ]);
  await ledger.settle();
  // Before gus-3: four of x from gus-2, two from gus-1, and z from nobody.
  await ledger.publish([
    refund('gus', 'gus-r1', {
      scope: 'lines',
      time: '2026-11-03T10:00:00Z',
      lines: [line('x', 6, 1_500), line('z', 1, 50)],
    }),
  ]);
  await ledger.settle();
  const [row] = await ledger.sql(
    'ledger',
  )`select matches, matched_minor, unmatched_minor from refund where refund_id = 'gus-r1'`;
  expect(row).toEqual({
    matches: [
      ['gus-2', 1_000, 10, 10],
      ['gus-1', 500, 5, 5],
    ],
    matched_minor: 1_500,
    unmatched_minor: 50,
  });
  expect(await ledger.balance('gus')).toMatchObject({ active: 120 - 15 });
});

test('a refund of an amount without an order goes back from the newest purchase', async () => {
  await ledger.publish([
    purchase('hal', 'hal-1', 1_000, { time: '2026-11-01T10:00:00Z' }),
    purchase('hal', 'hal-2', 500, { time: '2026-11-02T10:00:00Z' }),
    refund('hal', 'hal-r1', { scope: 'amount', amountMinor: 700 }),
  ]);
  await ledger.settle();
  const [row] = await ledger.sql('ledger')`select matches from refund where refund_id = 'hal-r1'`;
  expect(row?.matches).toEqual([
    ['hal-2', 500, 5, 5],
    ['hal-1', 200, 2, 2],
  ]);
});

test('what can never be right is set aside with its reason', async () => {
  await ledger.send(purchase('ida', 'ida-1', 1_000), purchase('jon', 'jon-1', 1_000));
  await ledger.publish([
    refund('jon', 'bad-1', { scope: 'whole', orderId: 'ida-1' }),
    refund('jon', 'bad-2', { scope: 'whole' }),
    refund('jon', 'bad-3', { scope: 'amount', orderId: 'jon-1', amountMinor: 5, currency: 'USD' }),
    refund('jon', 'good', { scope: 'amount', orderId: 'jon-1', amountMinor: 100 }),
    refund('jon', 'good', { scope: 'amount', orderId: 'jon-1', amountMinor: 200 }),
  ]);
  await ledger.settle();
  const letters = (await ledger.deadLetters('ledger')).filter(({ key }) => key === 'jon');
  expect(letters.map(({ errorCode }) => errorCode).sort()).toEqual([
    'ledger.refund_conflict',
    'ledger.refund_currency_mismatch',
    'ledger.refund_incomplete',
    'ledger.refund_of_another_customer',
  ]);
  expect(await ledger.balance('jon')).toMatchObject({ active: 9 });
  expect(await ledger.balance('ida')).toMatchObject({ active: 10 });
});

test('the same refund again changes nothing', async () => {
  const whole = refund('kai', 'kai-r1', { scope: 'whole', orderId: 'kai-1' });
  await ledger.send(purchase('kai', 'kai-1', 1_000), whole, whole);
  await ledger.send(whole);
  expect(await ledger.balance('kai')).toMatchObject({ active: 0, earned: 10, negative: 0 });
});

test('what became of events is counted', async () => {
  const [row] = await ledger.sql(
    'ledger',
  )`select count(*) as all, count(*) filter (where points_earned > 0) as earned from purchase`;
  const { body } = await ledger.call('GET', '/metrics');
  const count = (outcome: string): number =>
    Number(new RegExp(`vafa_ledger_purchase_events_total\\{outcome="${outcome}"\\} (\\d+)`).exec(body)?.[1] ?? 0);
  expect(count('earned')).toBe(row?.earned);
  expect(count('earned_nothing')).toBe(row?.all - row?.earned);
  expect(count('refused')).toBe((await ledger.deadLetters('ledger')).length);
  expect(count('repeated')).toBe(5);
  expect(count('refund_waiting')).toBe(3);
});
