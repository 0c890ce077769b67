import { CustomerMerged, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ORDER_RULES } from '../store/verify-order-rules.ts';
import { OWNER_RULES } from '../store/verify-owner-rules.ts';
import { RULES } from '../store/verify-rules.ts';
import { lookAtDamage, rulesBroken } from '../test/damage.fixture.ts';
import { purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

const merge = (customerId: string, intoCustomerId: string) =>
  event(CustomerMerged, { id: newId(), source: '/test', time: T0 }, { customerId, intoCustomerId });
const hold = async (customerId: string, points: number): Promise<string> => {
  const answer = await ledger.call('POST', `/v1/customers/${customerId}/reservations`, { points });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json().reservationId;
};

beforeAll(async () => {
  // Two refunds of points that are held, one of them of a customer who is merged then; and a line of mergers.
  ledger = await startLedger({ returnPolicy: 'within_balance' });
  await ledger.publish(['ann', 'bob', 'cat'].map((who, i) => purchase(who, `${who}-1`, 10_000 * (i + 1))));
  await ledger.settle();
  await hold('ann', 60);
  await hold('ann', 30);
  const spent = await hold('bob', 150);
  await ledger.call('POST', `/v1/reservations/${spent}/capture`, { points: 20 });
  await hold('bob', 170);
  await ledger.publish(['ann', 'bob'].map((who) => refund(who, `${who}-r`, { scope: 'whole', orderId: `${who}-1` })));
  await ledger.settle();
  await ledger.send(merge('bob', 'cat'));
  await ledger.send(merge('cat', 'dan'));
  const [{ refunds } = {}] =
    await ledger.admin`select count(*)::int as refunds from ledger.refund where held is not null`;
  expect(refunds).toBe(2);
});
afterAll(() => ledger.stop());

const brokenBy = (damage: string, rows: number): Promise<string[]> =>
  lookAtDamage(ledger, damage, (tx, damaged) => {
    expect(damaged).toBe(rows);
    return rulesBroken(tx, [...RULES, ...OWNER_RULES, ...ORDER_RULES]);
  });

test('a sound book has no violations', async () => {
  expect(await brokenBy('select 1', 1)).toEqual([]);
  expect(await ledger.balance('dan')).toMatchObject({ earned: 500, spent: 20 });
  await ledger.verify();
});

const HELD_BY_ANN = "from refund r where r.refund_id = 'ann-r' and v.id = (r.held -> 0 ->> 0)::uuid";

test.each([
  [
    'what the merged had earned, counted anew',
    "update balance set former_earned = former_earned + 1 where customer_id = 'dan'",
    1,
    ['former_is_merged'],
  ],
  [
    'what the merged had spent, forgotten',
    "update balance set former_spent = 0 where customer_id = 'dan'",
    1,
    ['former_is_merged'],
  ],
  [
    'what nobody lost by expiry',
    "update balance set former_expired = 1 where customer_id = 'ann'",
    1,
    ['former_is_merged'],
  ],
  [
    'one who was merged into another than is told',
    "update balance set merged_into = 'ann' where customer_id = 'cat'",
    1,
    ['former_is_merged', 'lot_belongs_to_its_credit', 'order_belongs_to_its_entry'],
  ],
  [
    'what is known of one who was merged',
    "insert into customer_profile (customer_id) values ('bob')",
    1,
    ['nothing_is_left_to_the_merged'],
  ],
  [
    'a tier of one who was merged',
    "insert into tier_state (customer_id, tier, since) values ('cat', 'gold', now())",
    1,
    ['nothing_is_left_to_the_merged'],
  ],
  [
    'a refund left to one who was merged',
    "update refund set customer_id = 'bob' where refund_id = 'bob-r'",
    1,
    ['held_by_open_reservations', 'nothing_is_left_to_the_merged', 'refund_is_of_its_orders_customer'],
  ],
  [
    'a refund that waits for a reservation that ended',
    `update reservation v set status = 'timed_out' ${HELD_BY_ANN}`,
    1,
    ['allocations_cover_owners', 'held_by_open_reservations', 'reserved_is_reservations'],
  ],
  [
    'a refund that waits for a reservation that there is not',
    "update refund set held = jsonb_set(held, '{0,0}', to_jsonb(gen_random_uuid())) where held is not null",
    2,
    ['held_by_open_reservations'],
  ],
  [
    'a reservation that does not know who waits for it',
    `update reservation v set claimed = false ${HELD_BY_ANN}`,
    1,
    ['held_by_open_reservations'],
  ],
  [
    "a refund that waits for another customer's reservation",
    "update refund set customer_id = 'zoe' where refund_id = 'ann-r'",
    1,
    ['held_by_open_reservations', 'refund_is_of_its_orders_customer'],
  ],
  [
    'a refund that is to take more than was due',
    "update refund set held = jsonb_set(held, '{1,3}', '91') where refund_id = 'ann-r'",
    1,
    ['held_was_due'],
  ],
  [
    'a refund that is to take nothing',
    "update refund set held = jsonb_set(held, '{1,3}', '0') where refund_id = 'ann-r'",
    1,
    ['held_was_due'],
  ],
  [
    'a refund that is to take what another order earned',
    "update refund set held = jsonb_set(held, '{1,0}', '\"bob-1\"') where refund_id = 'ann-r'",
    1,
    ['held_was_due'],
  ],
  [
    'a refund that is to take of an entry of another rule',
    "update refund set held = jsonb_set(held, '{1,1}', '\"twice\"') where refund_id = 'ann-r'",
    1,
    ['held_was_due'],
  ],
])('%s is found', async (_, damage, rows, rules) => {
  expect(await brokenBy(damage, rows)).toEqual(rules);
});
