import { CustomerErased, CustomerMerged, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { layOutOrders, type Replay, takeOrders } from './replays.ts';
import { findCustomersAfter } from './tier-recounts.ts';
import { inAnyWeek } from './weeks.ts';

/** A book over some weeks, with empty ones between: indexes begin with the week, so each question has to ask all of them. */
const BEGIN = Temporal.Instant.from('2026-09-01T10:00:00Z');
const DAYS = [0, 1, 6, 8, 15, 50, 51, 58];
const CUSTOMERS = ['ann', 'bob', 'cid'];

let ledger: LedgerHarness;
const now = () => ledger.clock.now().toString();

beforeAll(async () => {
  ledger = await startLedger({}, { now: BEGIN.toString() });
  for (const day of DAYS) {
    ledger.clock.set(BEGIN.add({ hours: 24 * day }));
    // Two of each customer at the same time.
    for (const turn of ['a', 'b'])
      await ledger.send(
        ...CUSTOMERS.map((id) => purchase(id, `${id}-${String(day).padStart(2, '0')}${turn}`, 1_000, { time: now() })),
      );
    // Orders that earn nothing: their customer has no account.
    await ledger.send(purchase('nil', `nil-${day}`, 1, { time: now() }));
  }
  await ledger.settle();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const numbers = async (query: string): Promise<number[]> => {
  const { entries } = (await ledger.call('GET', `/v1/customers/ann/statement?${query}`)).json();
  return entries.map(({ balanceAfter }: { balanceAfter: number }) => balanceAfter / 10);
};

test('a statement goes through all weeks, in both orders, from where a page ended', async () => {
  const all = DAYS.flatMap((_, i) => [2 * i + 1, 2 * i + 2]);
  expect(await numbers('order=oldest_first&limit=50')).toEqual(all);
  expect(await numbers('limit=50')).toEqual(all.toReversed());
  expect(await numbers('limit=3&cursor=11')).toEqual([10, 9, 8]);
  expect(await numbers('order=oldest_first&limit=3&cursor=9')).toEqual([10, 11, 12]);
  // Few of many: further stretches of numbers are looked at until the page is full.
  const until = BEGIN.add({ hours: 30 });
  expect(await numbers(`limit=3&until=${until}`)).toEqual([4, 3, 2]);
  expect(await numbers(`order=oldest_first&limit=1&from=${BEGIN.add({ hours: 24 * 58 })}`)).toEqual([15]);
  expect(await numbers('kind=redeem')).toEqual([]);
});

test('the same number twice is refused within a week', async () => {
  const copy = (id: string) => ledger.sql('ledger')`
    insert into transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at)
    select ${id}::uuid, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at
    from transfer where customer_id = 'ann' and seq = 3`;
  await expect(copy(newId())).rejects.toThrow(/transfer_week_customer_seq/);
});

test('a replay reads each order once, customer by customer and in the order of time, whatever the portion', async () => {
  const [fromAt, untilAt] = [BEGIN.add({ hours: 24 }).toString(), now()];
  const createdAt = ledger.clock.now().add({ hours: 1 }).toString();
  const read = async (portion: number): Promise<string[][]> =>
    ledger.sql('ledger').begin(async (tx) => {
      const replay = { id: newId(), fromAt, untilAt, createdAt } as Replay;
      expect(await layOutOrders(tx, replay, portion)).toBe(42);
      const found: string[][] = [];
      for (;;) {
        const purchases = await takeOrders(tx, replay.id);
        if (purchases.length === 0) return found;
        found.push(purchases.map(({ orderId }) => orderId));
      }
    });
  const wanted = await ledger.sql('ledger')<{ id: string }[]>`select order_id as id from purchase
    where occurred_at >= ${fromAt}::timestamptz and occurred_at < ${untilAt}::timestamptz
    order by customer_id, occurred_at, order_id`;
  expect(wanted).toHaveLength(42);
  for (const portion of [1, 2, 5, 42, 100]) {
    const found = await read(portion);
    expect(found.flat()).toEqual(wanted.map(({ id }) => id));
    expect(found).toHaveLength(Math.ceil(42 / portion));
  }
});

test('a count of everybody finds customers with an account and those with orders alone', async () => {
  const sql = ledger.sql('ledger');
  expect(await findCustomersAfter(sql, '', 10)).toEqual([...CUSTOMERS, 'nil']);
  expect(await findCustomersAfter(sql, 'bob', 1)).toEqual(['cid']);
  expect(await findCustomersAfter(sql, 'cid', 5)).toEqual(['nil']);
});

test('a refund without an order goes back through the weeks, from the newest order on', async () => {
  await ledger.send(refund('bob', 'bob-r', { scope: 'amount', amountMinor: 6_500, time: now() }));
  const taken = await ledger.sql('ledger')<{ id: string; minor: number }[]>`
    select order_id as id, refunded_minor as minor from purchase where refunded_minor > 0 order by occurred_at desc, order_id desc`;
  expect(taken.map(({ id, minor }) => [id, minor])).toEqual([
    ...['bob-58b', 'bob-58a', 'bob-51b', 'bob-51a', 'bob-50b', 'bob-50a'].map((id) => [id, 1_000]),
    ['bob-15b', 500],
  ]);
});

test('why an order earned is found in any week; after a merge too', async () => {
  await ledger.send(
    event(CustomerMerged, { id: newId(), source: '/test', time: now() }, { customerId: 'bob', intoCustomerId: 'cid' }),
  );
  const { earnings } = (await ledger.call('GET', '/v1/orders/bob-00a/earnings')).json();
  expect(earnings).toMatchObject([{ points: 10 }]);
  const { lots } = (await ledger.call('GET', '/v1/customers/cid/lots?state=all&limit=100')).json();
  expect(lots).toHaveLength(2 * 2 * DAYS.length);
});

/** Orders refunded since there were so many, and how much of each, newest first. */
const refundedBy = (refundId: string) =>
  ledger.sql('ledger')<{ id: string; minor: number }[]>`
    select m ->> 0 as id, (m ->> 1)::integer as minor from refund cross join jsonb_array_elements(matches) as m
    where refund_id = ${refundId} order by 1`;

test('a refund after a merge goes back from the orders of both, also those that earned nothing', async () => {
  await ledger.send(
    purchase('bob', 'bob-late', 1, { time: now() }),
    event(CustomerMerged, { id: newId(), source: '/test', time: now() }, { customerId: 'nil', intoCustomerId: 'cid' }),
  );
  await ledger.send(
    refund('cid', 'cid-r', { scope: 'amount', amountMinor: 9_502 + 16_000 + DAYS.length, time: now() }),
  );
  const refunded = await refundedBy('cid-r');
  // Of bob what the first refund left, his late order, cid's own, and those of who never earned.
  expect(refunded).toHaveLength(10 + 1 + 16 + DAYS.length);
  expect(refunded).toContainEqual({ id: 'bob-late', minor: 1 });
  expect(refunded).toContainEqual({ id: 'bob-15b', minor: 500 });
  expect(refunded).toContainEqual({ id: 'nil-0', minor: 1 });
});

test('erasing reaches all weeks', async () => {
  await ledger.send(event(CustomerErased, { id: newId(), source: '/test', time: now() }, { customerId: 'cid' }));
  for (const table of ['transfer', 'purchase', 'lot', 'balance'])
    expect(
      await ledger.sql('ledger').unsafe(`select from ledger.${table} where customer_id in ('bob', 'cid', 'nil')`),
    ).toHaveLength(0);
});

test('what asks for a customer is answered by the index', async () => {
  const plan = await ledger.sql('ledger').begin(async (tx) => {
    await tx`set local enable_seqscan = off`;
    return tx.unsafe<Record<string, string>[]>(
      `explain select * from transfer t where ${inAnyWeek('transfer', 't')} and t.customer_id = 'ann' and t.seq < 9`,
    );
  });
  const text = plan.map((row) => row['QUERY PLAN']).join('\n');
  expect(text).toMatch(/Index Cond: .*ANY.*customer_id = 'ann'.*seq < /);
});
