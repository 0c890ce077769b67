import { afterAll, beforeAll, expect, test } from 'vitest';
import { FINANCE_RULES } from '../store/verify-finance-rules.ts';
import { MOVEMENT_RULES } from '../store/verify-movement-rules.ts';
import { lookAtDamage, rulesBroken } from '../test/damage.fixture.ts';
import { purchase, refund } from '../test/events.fixture.ts';
import { IRAN } from '../test/finance-books.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;
const now = () => ledger.clock.now().toString();
const buy = async (customer: string, order: string, points: number) => {
  await ledger.send(purchase(customer, order, points * 100, { time: now() }));
};
const spend = async (customer: string, held: number, points: number) => {
  const { reservationId } = (
    await ledger.call('POST', `/v1/customers/${customer}/reservations`, { points: held })
  ).json();
  const captured = await ledger.call('POST', `/v1/reservations/${reservationId}/capture`, { points });
  expect(captured.statusCode).toBe(200);
};

beforeAll(async () => {
  // 10 Mehr 1405: earned in two months, spent of both in part, taken back while spent, paid off, given, corrected, expired.
  ledger = await startLedger(IRAN, { now: '2026-10-02T08:00:00Z' });
  await buy('ann', 'ann-1', 100);
  await buy('bob', 'bob-1', 50);
  ledger.clock.set('2026-10-25T08:00:00Z');
  await buy('ann', 'ann-2', 80);
  await spend('ann', 150, 140);
  await spend('bob', 50, 50);
  await ledger.send(refund('bob', 'bob-r', { scope: 'whole', orderId: 'bob-1', time: now() }));
  ledger.clock.advance('P1D');
  await ledger.settle();
  await buy('bob', 'bob-2', 70);
  await ledger.call('POST', '/v1/customers/bob/transfers', { toCustomerId: 'zoe', points: 5, reason: 'a gift' });
  await ledger.call('POST', '/v1/customers/zoe/adjustments', { points: 30, reason: 'welcome' });
  ledger.clock.advance('P60D');
  await ledger.settle();
});
afterAll(() => ledger.stop());

/** Rules that find something after one row was damaged, wherever the tables are looked for. */
const brokenBy = (damage: string, rules = MOVEMENT_RULES): Promise<string[]> =>
  lookAtDamage(ledger, damage, async (tx, rows) => {
    expect(rows).toBe(1);
    await tx.unsafe('set local search_path = public');
    return rulesBroken(tx, rules);
  });

test('sound books have no violations', async () => {
  expect(await brokenBy('select 1', [...MOVEMENT_RULES, ...FINANCE_RULES])).toEqual([]);
  await ledger.verify();
});

const ONE = (where: string): string =>
  `where ctid = (select ctid from finance_movement where ${where} order by until, cohort limit 1)`;

test.each([
  ['month of issue', `update finance_movement set cohort = '1405-06' ${ONE("kind = 'earn'")}`],
  ['month of issue of what was spent', `update finance_movement set cohort = '1405-06' ${ONE("kind = 'redeem'")}`],
  ['tier', `update finance_movement set tier = 'gold' ${ONE("kind = 'clawback'")}`],
  ['kind', `update finance_movement set kind = 'adjust' ${ONE("kind = 'earn'")}`],
  ['wallet', `update finance_movement set wallet = 'other' ${ONE("kind = 'transfer_in'")}`],
  ['month of spending', `update finance_movement set happened = '1405-07' ${ONE("kind = 'redeem'")}`],
  ['calendar', `update finance_close set calendar = 'gregorian' where until = (select min(until) from finance_close)`],
])('a closed movement of another %s is found', async (_, damage) => {
  expect(await brokenBy(damage)).toEqual(['movements_are_entries']);
});

test.each([
  ['month of issue', `update finance_movement set cohort = '1405-07' ${ONE("kind = 'offset' and cohort <> ''")}`],
  ['tier', `update finance_movement set tier = 'gold' ${ONE("kind = 'offset' and cohort = ''")}`],
  ['wallet', `update finance_movement set wallet = 'other' ${ONE("kind = 'offset' and cohort <> ''")}`],
])('what was paid off of another %s is found', async (_, damage) => {
  expect(await brokenBy(damage)).toEqual(['offsets_are_absorbed']);
});

test('a lot that is said to have paid off more of what was owed than it did is found', async () => {
  const damage = `insert into paid_off (lot_id, recorded_at, points)
    select id, now(), absorbed + 1 from lot where absorbed > 0 order by id limit 1`;
  expect(await brokenBy(damage)).toContain('paid_off_is_absorbed');
});

test('what is closed as paid off in a day after which it was is found', async () => {
  const damage = `insert into paid_off (lot_id, recorded_at, points)
    select id, (select max(until) from finance_close), 1 from lot where absorbed > 0 order by id limit 1`;
  expect(await brokenBy(damage)).toEqual(['offsets_are_absorbed']);
});

const FIRST = '(select min(until) from finance_close)';

test.each([
  ['an entry of a closed day lost', "delete from transfer where order_id = 'ann-1'", ['closed_books_are_entries']],
  [
    'an entry put into a closed day, that comes to nothing',
    `insert into transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at)
      select gen_random_uuid(), 'ann', 99, 'activate', 'pending', 'customer', 1, 1, recorded_at, recorded_at
      from transfer where order_id = 'ann-1'`,
    ['closed_books_are_entries'],
  ],
  [
    'a day closed with other points',
    `update finance_close set points = points + 1 where until = ${FIRST}`,
    ['closed_books_add_up', 'closed_books_are_entries'],
  ],
  ['a closed movement lost', `delete from finance_movement ${ONE("kind = 'earn'")}`, ['closed_books_add_up']],
  [
    'a closed day lost',
    `delete from finance_close where until = (select min(until) from finance_movement where until > ${FIRST})`,
    ['closed_books_are_entries', 'closed_books_follow', 'movements_are_closed'],
  ],
  [
    'a time that no closed day has',
    `update finance_close set since = since + interval '1 hour' where until = (select max(until) from finance_close)`,
    ['closed_books_follow'],
  ],
])('%s is found', async (_, damage, rules) => {
  expect(await brokenBy(damage, FINANCE_RULES)).toEqual(rules);
});
