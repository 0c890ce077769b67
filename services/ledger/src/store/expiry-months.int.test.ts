import { CustomerErased, CustomerMerged, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { monthOf, monthsBetween } from './expiry-months.ts';
import { findBoundsAfter, findLotsExpiringBy, findOpenLots } from './lots.ts';

/** Lots that expire in many months, with empty ones between: the index begins with the month, so each question names all. */
const BEGIN = Temporal.Instant.from('2026-09-01T10:00:00Z');
const EXPIRES_AFTER_DAYS = 300;
/** How long ago there were purchases; two of them on one day. */
const DAYS = [0, 1, 2, 27, 28, 90, 130, 260];

let ledger: LedgerHarness;
const at = (day: number) => BEGIN.add({ hours: Math.round(24 * day) });
const ago = (day: number) => at(-day).toString();
const programme = async (changes: object): Promise<void> => {
  const answer = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...changes });
  expect(answer.statusCode, answer.body).toBe(200);
};

let name = 0;
/** A customer of the test's own. */
let ann = '';

/** Purchases of so many days ago, known at once: lots that expire in several months. */
const buy = async (customer: string, days: readonly number[]): Promise<void> => {
  await programme({ expiresAfterDays: EXPIRES_AFTER_DAYS });
  await ledger.send(...days.map((day) => purchase(customer, `${customer}-${day}`, 1_000, { time: ago(day) })));
};

beforeAll(async () => {
  ledger = await startLedger({ expiresAfterDays: EXPIRES_AFTER_DAYS }, { now: BEGIN.toString() });
});
beforeEach(() => {
  ann = `ann${++name}`;
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const msOf = (day: number): number => at(day).epochMilliseconds;
const expiriesOf = (lots: readonly { expiresAtMs: number | null }[]) => lots.map(({ expiresAtMs }) => expiresAtMs);
const sorted = (lots: readonly { expiresAtMs: number | null }[]) =>
  expiriesOf(lots).toSorted((a, b) => (a ?? Infinity) - (b ?? Infinity));

test('open lots are found in every month and in order, those that never expire last', async () => {
  await buy(ann, DAYS);
  await programme({ expiresAfterDays: null });
  await ledger.send(purchase(ann, `${ann}-ever`, 1_000, { time: ago(3) }));
  const lots = await findOpenLots(ledger.sql('ledger'), new Map([[ann, 1]]));
  expect(lots).toHaveLength(DAYS.length + 1);
  expect(expiriesOf(lots)).toEqual(sorted(lots));
  expect(lots.at(-1)?.expiresAtMs).toBeNull();
});

test('what expires by an instant, and what comes after it, is found on both sides of any edge of a month', async () => {
  await buy(ann, DAYS);
  const sql = ledger.sql('ledger');
  const all = expiriesOf(await findOpenLots(sql, new Map([[ann, 1_000]]))) as number[];
  expect(all).toHaveLength(DAYS.length);
  for (const edge of all.flatMap((ms) => [ms - 1, ms, ms + 1])) {
    expect(expiriesOf(await findLotsExpiringBy(sql, [ann], edge, 100))).toEqual(all.filter((ms) => ms <= edge));
    const next = all.find((ms) => ms > edge) ?? null;
    expect(await findBoundsAfter(sql, [ann], edge)).toMatchObject([{ customerId: ann, nextExpiryMs: next }]);
  }
  expect(await findLotsExpiringBy(sql, [ann], msOf(1_000), 3)).toHaveLength(3);
});

test('pages of open lots go on where one ended, also within an instant and among those that never expire', async () => {
  await buy(ann, [...DAYS, 2.5]);
  await programme({ expiresAfterDays: null });
  await ledger.send(...[1, 2, 3].map((i) => purchase(ann, `${ann}-ever-${i}`, 1_000, { time: ago(i) })));
  const whole = (await ledger.call('GET', `/v1/customers/${ann}/lots?state=open&limit=100`)).json().lots;
  expect(whole).toHaveLength(DAYS.length + 4);
  for (const limit of [1, 2, 5]) {
    const paged: unknown[] = [];
    for (let cursor = ''; ; ) {
      const { lots, nextCursor } = (
        await ledger.call('GET', `/v1/customers/${ann}/lots?state=open&limit=${limit}${cursor}`)
      ).json();
      paged.push(...lots);
      if (nextCursor === undefined) break;
      cursor = `&cursor=${nextCursor}`;
    }
    expect(paged).toEqual(whole);
  }
});

test('a merge takes lots of all months along; an erasure empties them all', async () => {
  const bob = `${ann}-bob`;
  await buy(ann, DAYS);
  await buy(bob, [3, 150]);
  await ledger.send(
    event(CustomerMerged, { id: newId(), source: '/test', time: BEGIN }, { customerId: bob, intoCustomerId: ann }),
  );
  const { lots } = (await ledger.call('GET', `/v1/customers/${ann}/lots?state=open&limit=100`)).json();
  expect(lots).toHaveLength(DAYS.length + 2);
  await ledger.send(
    event(CustomerErased, { id: newId(), source: '/test', time: ledger.clock.now() }, { customerId: ann }),
  );
  const left = await ledger.sql('ledger')`select from lot
    where remaining > 0 and (starts_with(customer_id, 'erased:') or customer_id in (${ann}, ${bob}))`;
  expect(left).toHaveLength(0);
});

test('the sweep lets everything go, month by month, and forgets the bounds at the end', async () => {
  await buy(ann, DAYS);
  for (const day of [60, 105, 172, 200, 275, EXPIRES_AFTER_DAYS + 1]) {
    ledger.clock.set(at(day));
    await ledger.settle();
    const lots = await findOpenLots(ledger.sql('ledger'), new Map([[ann, 1_000]]));
    expect(lots.every(({ expiresAtMs }) => (expiresAtMs ?? 0) > msOf(day))).toBe(true);
  }
  const [bounds] = await ledger.sql('ledger')`select active, next_expiry_at, last_expiry_at from balance
    where customer_id = ${ann}`;
  expect(bounds).toEqual({ active: 0, next_expiry_at: null, last_expiry_at: null });
});

test('lots of a customer are found by the index, which stops where enough is found', async () => {
  const plan = await ledger.sql('ledger').begin(async (tx) => {
    await tx`set local enable_seqscan = off`;
    return tx.unsafe<Record<string, string>[]>(`explain
      select * from balance cross join lateral (select ${monthsBetween('balance')} as months offset 0) m cross join lateral (
        select * from lot where ${monthOf('lot')} = any(m.months) and lot.customer_id = 'ann' and lot.remaining > 0
        order by ${monthOf('lot')}, lot.expires_at, lot.id limit 9
      ) lot where balance.customer_id = 'ann'`);
  });
  const text = plan.map((row) => row['QUERY PLAN']).join('\n');
  expect(text).toMatch(/Index Scan using lot_open_month.*\n.*Index Cond: .*ANY.*customer_id = 'ann'/);
  expect(text.match(/-> .*Sort\b/g)).toEqual([expect.stringContaining('Incremental Sort')]);
});
