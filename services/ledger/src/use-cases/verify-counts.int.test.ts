import type { Tx } from '@vafa/bus';
import { CustomerErased, CustomerMerged, event } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Programme } from '../domain/programme.ts';
import type { EarningRule } from '../domain/rules/rule.ts';
import { AWARD_RULES } from '../store/verify-award-rules.ts';
import { RULES as BOOK_RULES } from '../store/verify-rules.ts';
import { envelope, interaction } from '../test/club-rules.fixture.ts';
import { lookAtDamage, rulesBroken } from '../test/damage.fixture.ts';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { level, structure } from '../test/tiers.fixture.ts';
import { verifyCounts } from './verify-counts.ts';

const RULES: EarningRule[] = [
  {
    ...{ id: 'visit', name: 'visit', order: 1, trigger: { on: 'interaction', interactionType: 'visit' } },
    effect: { kind: 'fixed', points: 10 },
    caps: {
      perCustomer: [
        { limit: 25, unit: 'points', per: 'month' },
        { limit: 100, unit: 'awards', per: 'day' },
      ],
      beyond: 'reduce',
    },
  },
  {
    ...{ id: 'opening', name: 'opening', order: 2, trigger: { on: 'purchase' } },
    effect: { kind: 'fixed', points: 3 },
    caps: { budget: [{ limit: 1_000, unit: 'points', per: 'forever' }], beyond: 'reduce' },
  },
];
const CLUB: Partial<Programme> = {
  rules: RULES,
  tiers: structure({ window: { kind: 'calendar', period: 'month' } }),
};

let ledger: LedgerHarness;
let leftOut: string[] = [];
const now = () => ledger.clock.now().toString();
const buy = (customerId: string, orderId: string, totalMinor: number, time = now()) =>
  purchase(customerId, orderId, totalMinor, { time });
const visit = (customerId: string) => interaction(customerId, 'visit', now());
const merge = (customerId: string, intoCustomerId: string) =>
  event(CustomerMerged, envelope(now()), { customerId, intoCustomerId });
const put = async (change: Partial<Programme>): Promise<void> => {
  const answer = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...CLUB, ...change });
  expect(answer.statusCode, answer.body).toBe(200);
};
/** Long enough for everybody to be counted anew. */
const recount = async (): Promise<void> => {
  ledger.clock.advance({ minutes: 5 });
  await ledger.settle();
};
const soundBook = async (): Promise<void> => {
  expect(await brokenBy('select 1')).toEqual([]);
  await ledger.verify();
};

const look = async (tx: Tx): Promise<string[]> => [
  ...(await rulesBroken(tx, AWARD_RULES)),
  ...(
    await verifyCounts(
      tx,
      5,
      ledger.clock.now(),
      () => undefined,
      (what) => leftOut.push(what),
    )
  ).map(({ rule }) => rule),
];
const brokenBy = async (damage: string): Promise<string[]> =>
  [...new Set(await lookAtDamage(ledger, damage, look))].sort();

beforeAll(async () => {
  ledger = await startLedger(CLUB, { settings: { LEDGER_COUNTS_KEPT_DAYS: '1', LEDGER_FORGET_EVERY_MS: '50' } });
  // Silver; gold; silver by what he and she who is merged into him did; and one who is forgotten.
  await ledger.send(buy('ann', 'ann-1', 20_000), buy('ann', 'ann-2', 3_000), visit('ann'), visit('ann'), visit('ann'));
  await ledger.send(buy('bob', 'bob-1', 70_000), buy('cat', 'cat-1', 6_000), buy('dan', 'dan-1', 5_000), visit('cat'));
  await ledger.send(
    buy('eve', 'eve-1', 60_000),
    visit('eve'),
    refund('ann', 'ann-r', { scope: 'whole', orderId: 'ann-2' }),
  );
  await ledger.call('POST', '/v1/customers/ann/grants', { grantId: 'g', points: 7, reason: 'sorry' });
  await ledger.send(merge('cat', 'dan'), event(CustomerErased, envelope(now()), { customerId: 'eve' }));
  await recount();
  await ledger.send(visit('dan'), buy('ann', 'ann-3', 1_000));
});
afterAll(() => ledger.stop());

test('sound counts have no violations', async () => {
  const tiers = await ledger.admin`select customer_id as id, tier from ledger.tier_state order by 1`;
  expect(tiers.map(({ id, tier }) => [id, tier])).toEqual([
    ['ann', 'silver'],
    ['bob', 'gold'],
    ['dan', 'silver'],
  ]);
  await soundBook();
});

test.each([
  ['more counts than was done', 'update qualification set amount = amount + 10', ['qualification_is_orders']],
  ['what counts is gone', "delete from qualification where customer_id = 'dan'", ['qualification_is_orders']],
  [
    'it counts on another day',
    "update qualification set day = day + 1 where customer_id = 'ann'",
    ['qualification_is_orders'],
  ],
  [
    'it counts for another',
    "update qualification set customer_id = 'zoe' where customer_id = 'ann'",
    ['qualification_is_orders', 'tier_is_earned'],
  ],
  ['a better tier', "update tier_state set tier = 'gold' where tier = 'silver'", ['tier_was_reached']],
  ['a worse tier', "update tier_state set tier = 'silver' where tier = 'gold'", ['tier_is_earned']],
  ['no tier', "delete from tier_state where customer_id = 'ann'", ['tier_is_earned']],
  [
    "another's tier",
    "update tier_state set customer_id = 'zoe' where tier = 'gold'",
    ['tier_is_earned', 'tier_was_reached'],
  ],
  [
    'a tier that there is not',
    "update tier_state set tier = 'diamond' where customer_id = 'ann'",
    ['tier_is_a_level', 'tier_is_earned'],
  ],
  [
    'a tier for longer',
    "update tier_state set valid_until = valid_until + interval '1 day'",
    ['tier_is_looked_at_in_time'],
  ],
  ['a tier for ever', 'update tier_state set next_look_at = null', ['tier_is_looked_at_in_time']],
  [
    'a grace before its time',
    "update tier_state set grace_until = valid_until - interval '1 day', next_look_at = valid_until - interval '1 day' + interval '1 ms'",
    ['tier_is_looked_at_in_time'],
  ],
  ['a cap with room again', 'update rule_counter set points = 0', ['counter_is_entries']],
  ['a cap used up', "update rule_counter set points = points + 1 where customer_id = 'dan'", ['counter_is_entries']],
  ['a cap of awards with room', "update rule_counter set awards = 0 where per = 'day'", ['counter_is_entries']],
  ['a budget with room', "update rule_counter set points = points - 1 where per = 'forever'", ['counter_is_entries']],
  ['counters are gone', "delete from rule_counter where customer_id = 'ann' and per = 'month'", ['counter_is_entries']],
  [
    'a counter of what nobody got',
    "insert into rule_counter select rule_id, 'zoe', per, starts_on, points, awards from rule_counter where customer_id = 'ann'",
    ['counter_is_entries'],
  ],
  ['awards that can be given again', 'delete from rule_award', ['award_is_known_as_given']],
  [
    'a grant that can be given again',
    'delete from rule_award where content_hash is not null',
    ['award_is_known_as_given'],
  ],
])('%s: found', async (_, damage, rules) => {
  expect(await brokenBy(damage)).toEqual(rules);
});

/** Changes what the list of an order says of one of its entries: [rule, entry, points, due back so far]. */
const saying = (place: string, text: string, orderId = 'ann-1'): string =>
  `update purchase set awards = jsonb_set(awards, '{${place}}', ${text}) where order_id = '${orderId}'`;

test.each([
  ['an entry of another rule', saying('0,0', `'"visit"'`)],
  ['an entry that there is not', saying('0,1', 'to_jsonb(gen_random_uuid())')],
  ['an entry of another order', saying('0,1', `(select awards #> '{0,1}' from purchase where order_id = 'ann-3')`)],
  ['more points than its entry has', saying('1,2', "'4'")],
  ['more due back than it earned', saying('1,3', "'4'")],
  ['less than nothing due back', saying('1,3', "'-1'")],
])('an order that names %s is found', async (_, damage) => {
  const found = await lookAtDamage(ledger, damage, (tx, rows) => {
    expect(rows).toBe(1);
    return rulesBroken(tx, BOOK_RULES);
  });
  expect(found).toEqual(['awards_are_entries']);
});

test('what was forgotten, is told late, or was counted by other caps or tiers is no damage', async () => {
  // More than anybody looks back: days and counters of November are forgotten, and what comes late begins anew.
  ledger.clock.advance({ hours: 24 * 200 });
  await ledger.settle();
  await expect
    .poll(
      () =>
        ledger.admin`select from ledger.rule_counter where per = 'month' union all select from ledger.qualification`,
    )
    .toHaveLength(0);
  const then = '2026-11-21T09:00:00Z';
  await ledger.send(buy('ann', 'ann-late', 3_000, then), interaction('dan', 'visit', then));
  await ledger.send(buy('ann', 'ann-4', 9_000), visit('ann'), visit('dan'));
  await soundBook();
  expect(await brokenBy("update rule_counter set points = 0 where per = 'month'")).toEqual(['counter_is_entries']);
  // Levels that there were not before: who fell to one of them never reached it.
  await put({ rules: [], tiers: structure({ levels: [level('bronze', 10), level('silver', 50)] }) });
  await soundBook();
  await recount();
  await ledger.send(buy('bob', 'bob-3', 2_000), visit('bob'));
  await soundBook();
  const { tiers: _, ...bare } = CLUB;
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...bare })).statusCode).toBe(200);
  await ledger.send(buy('bob', 'bob-4', 2_000), visit('bob'));
  await soundBook();
});

test('nor is what was counted by another calendar, zone or period, or in the last moment of a day', async () => {
  const before = ledger;
  ledger = await startLedger(CLUB);
  await ledger.send(buy('ann', 'ann-1', 20_000), visit('ann'));
  const [visits, ...others] = RULES as [EarningRule, ...EarningRule[]];
  const weekly: EarningRule = {
    ...visits,
    caps: { perCustomer: [{ limit: 50, unit: 'points', per: 'week' }], beyond: 'reduce' },
  };
  // Not counted anew yet, then counted anew.
  await put({ timeZone: 'Asia/Tehran', calendar: 'persian', rules: [weekly, ...others] });
  await ledger.send(visit('ann'), buy('bob', 'bob-1', 2_000));
  leftOut = [];
  await soundBook();
  expect(leftOut).toEqual([expect.stringContaining('what counts towards tiers')]);
  await recount();
  leftOut = [];
  await soundBook();
  expect(leftOut).toEqual([]);
  // Kept as of the midnight that follows.
  const moment = '2026-11-20T20:29:59.9999999Z';
  await ledger.send(
    buy('cat', 'cat-1', 10, moment),
    buy('dan', 'dan-1', 1_000, moment),
    interaction('dan', 'visit', moment),
  );
  await ledger.send(visit('ann'), visit('bob'), buy('ann', 'ann-2', 7_000));
  await soundBook();
  const bobs = "where customer_id = 'bob'";
  expect(await brokenBy(`update qualification set amount = amount + 1 ${bobs}`)).toEqual(['qualification_is_orders']);
  expect(await brokenBy(`update rule_counter set points = 0 ${bobs}`)).toEqual(['counter_is_entries']);
  await ledger.stop();
  ledger = before;
});
