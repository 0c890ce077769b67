import type { Tx } from '@vafa/bus';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookAtDamage } from '../test/damage.fixture.ts';
import { purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { verifyLedger } from './verify.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({ expiresAfterDays: 10 });
  await ledger.publish([
    purchase('ann', 'ann-1', 5_000),
    purchase('ann', 'ann-2', 3_000),
    purchase('bob', 'bob-1', 900),
    refund('ann', 'ann-r', { scope: 'amount', orderId: 'ann-1', amountMinor: 700 }),
    refund('bob', 'bob-r', { scope: 'lines', lines: [{ sku: 'a', quantity: 1, amountMinor: 500 }] }),
  ]);
  await ledger.settle();
  const held = await ledger.call('POST', '/v1/customers/ann/reservations', { points: 40 });
  await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`, { points: 35 });
  await ledger.call('POST', '/v1/customers/ann/reservations', { points: 3 });
  await ledger.call('POST', '/v1/customers/ann/transfers', { toCustomerId: 'zoe', points: 2, reason: 'a gift' });
});
afterAll(() => ledger.stop());

/** Checks that would refuse the damage. */
const WITHOUT_CHECKS = `
  alter table balance drop constraint balance_adds_up, drop constraint balance_active;
  alter table lot drop constraint lot_parts, drop constraint lot_waived;
  alter table refund drop constraint refund_points; alter table purchase drop constraint purchase_taken_back`;

const brokenBy = async (damage: string): Promise<string[]> => {
  const look = (tx: Tx) =>
    // The check opens a transaction of its own: here it gets the one that is open.
    verifyLedger({ begin: (_: string, work: (inner: Tx) => unknown) => work(tx) } as never);
  const found = await lookAtDamage(ledger, damage, look, WITHOUT_CHECKS);
  return [...new Set(found.map(({ rule }) => rule))].sort();
};

test('a sound ledger has no violations', async () => {
  expect(await verifyLedger(ledger.admin)).toEqual([]);
  expect(await verifyLedger(ledger.sql('ledger'))).toEqual([]);
});

test.each([
  [
    'an entry lost',
    "delete from transfer where order_id = 'bob-1'",
    [
      'balance_is_entries',
      'counters_are_entries',
      'entries_sum_to_zero',
      'lot_is_a_credit',
      'one_earn_per_order',
      'sealed_entry_gone',
    ],
  ],
  [
    'an entry booked twice',
    "insert into transfer select gen_random_uuid(), customer_id, seq + 9, kind, debit, credit, amount, balance_after + amount, occurred_at, recorded_at, order_id from transfer where order_id = 'bob-1'",
    [
      'balance_is_entries',
      'counters_are_entries',
      'entries_sum_to_zero',
      'entry_not_sealed',
      'lot_is_a_credit',
      'one_earn_per_order',
      'running_balance',
    ],
  ],
  [
    // Beyond a week the database itself does not see it.
    'a number given twice',
    "update transfer set seq = 1, recorded_at = recorded_at - interval '30 days' where seq = 2",
    ['running_balance', 'sealed_entry_changed'],
  ],
  [
    'a lost update of a balance',
    "update balance set active = active - 1 where customer_id = 'bob'",
    ['balance_is_entries', 'balance_is_lots', 'entries_sum_to_zero'],
  ],
  [
    'a running balance wrong',
    "update transfer set balance_after = balance_after + 1 where order_id = 'bob-1'",
    ['running_balance', 'sealed_entry_changed'],
  ],
  [
    'a lot spent without an entry',
    "update lot set remaining = remaining - 1 where customer_id = 'bob'",
    ['balance_is_lots', 'lot_parts_add_up'],
  ],
  ['a lot lost', "delete from lot where customer_id = 'bob'", ['balance_is_lots', 'lot_is_a_credit']],
  [
    "a lot that is somebody else's",
    "update lot set customer_id = 'zoe' where customer_id = 'bob'",
    ['balance_is_lots', 'lot_belongs_to_its_credit'],
  ],
  ['a lot that no sweep will find', 'update balance set next_expiry_at = null', ['bounds_hold']],
  ['a lot that nobody can spend', "update balance set last_expiry_at = now() - interval '1 year'", ['bounds_hold']],
  [
    'a reservation forgotten',
    "update reservation set status = 'released' where status = 'held'",
    ['allocations_cover_owners', 'reserved_is_reservations'],
  ],
  [
    'a capture without its entry',
    "update reservation set captured = captured + 1 where status = 'captured'",
    ['allocations_cover_owners', 'redeemed_once'],
  ],
  [
    'more taken back than booked',
    "update purchase set points_taken_back = points_taken_back + 1 where order_id = 'ann-1'",
    ['taken_back_is_clawbacks'],
  ],
  [
    "an order that is somebody else's",
    "update purchase set customer_id = 'zoe' where order_id = 'ann-1'",
    ['order_belongs_to_its_entry', 'refund_is_of_its_orders_customer'],
  ],
  [
    'a refund that says more than it took',
    'update refund set points_taken = points_taken + 1',
    ['refund_is_clawbacks'],
  ],
  [
    'points given back without an entry',
    "update reservation set given_back = 1 where status = 'captured'",
    ['allocations_cover_owners', 'given_back_is_reversals'],
  ],
  ['a refund that says it gave back', 'update refund set points_given_back = 1', ['refund_is_reversals']],
  ['a gift that never arrived', "delete from lot where customer_id = 'zoe'", ['balance_is_lots', 'lot_is_a_credit']],
  [
    'a correction counted as a gift',
    "update balance set adjusted = adjusted + 1, moved = moved - 1 where customer_id = 'ann'",
    ['counters_are_entries'],
  ],
  [
    'a captured reservation that had held more',
    "update reservation set points = points + 1 where status = 'captured'",
    ['allocations_cover_owners'],
  ],
  [
    'an order that cost more than it was booked for',
    "update purchase set total_minor = total_minor + 100 where order_id = 'ann-2'",
    ['order_is_priced'],
  ],
  [
    'an order that says less was refunded',
    "update purchase set refunded_minor = refunded_minor - 1 where order_id = 'ann-1'",
    ['refunded_is_matches'],
  ],
  [
    "a refund that is somebody else's",
    "update refund set customer_id = 'bob' where refund_id = 'ann-r'",
    ['refund_is_of_its_orders_customer'],
  ],
  [
    'a refund that was of more money',
    "update refund set matched_minor = matched_minor + 1 where refund_id = 'ann-r'",
    ['refund_adds_up', 'refund_is_matches'],
  ],
  [
    'a refund that is open and lacks nothing',
    "update refund set open_until = now() where refund_id = 'ann-r'",
    ['open_refund_lacks_something'],
  ],
  [
    'an open refund that no order is offered to',
    "update balance set next_closing_at = null where customer_id = 'bob'",
    ['open_refund_lacks_something'],
  ],
  [
    'an open refund of more pieces than were not found',
    `update refund set open_lines = '[["a", 1, 501]]' where refund_id = 'bob-r'`,
    ['open_refund_lacks_something'],
  ],
  [
    'points said to have expired before they were refunded',
    "update lot set waived = 1 where customer_id = 'bob'",
    ['waived_was_due'],
  ],
  [
    'pending points that no entry brought',
    "update balance set pending = pending + 1 where customer_id = 'bob'",
    ['balance_is_entries', 'balance_is_lots', 'entries_sum_to_zero'],
  ],
  ['a number that no entry has', "update balance set seq = seq + 1 where customer_id = 'bob'", ['balance_is_entries']],
  ...['earned', 'clawed_back', 'spent', 'expired'].map((counter): [string, string, string[]] => [
    `a wrong count of what was ${counter}`,
    `update balance set ${counter} = ${counter} + 1 where customer_id = 'ann'`,
    ['counters_are_entries'],
  ]),
  [
    'a lot of more points than its credit',
    "update lot set granted = granted + 1, expired = expired + 1 where customer_id = 'bob'",
    ['lot_is_a_credit'],
  ],
  [
    'an order of which more was taken back than it earned',
    "update purchase set points_earned = points_taken_back - 1 where order_id = 'ann-1'",
    ['one_earn_per_order', 'taken_back_is_clawbacks'],
  ],
  [
    'an order that does not know its entry',
    "update purchase set earn_id = null where order_id = 'ann-2'",
    ['one_earn_per_order'],
  ],
  [
    'a refund that was of more points',
    "update refund set points_due = points_due + 1 where refund_id = 'ann-r'",
    ['refund_is_matches'],
  ],
  [
    'points said to have expired that a refund took',
    "update lot set waived = 1 where id = (select earn_id from purchase where order_id = 'ann-1')",
    ['waived_was_due'],
  ],
  ['a refund left waiting', "update refund set status = 'waiting' where order_id is not null", ['no_refund_forgotten']],
])('%s is found', async (_, damage, rules) => {
  expect(await brokenBy(damage)).toEqual(rules);
});
