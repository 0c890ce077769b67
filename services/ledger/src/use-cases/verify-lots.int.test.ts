import { event, InteractionRecorded } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Programme } from '../domain/programme.ts';
import { RULES } from '../store/verify-rules.ts';
import { lookAtDamage, rulesBroken } from '../test/damage.fixture.ts';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { verifyLots } from './verify-lots.ts';

let ledger: LedgerHarness;
const now = () => ledger.clock.now().toString();
/** Booked at once, by the programme of the moment. */
const buy = async (customer: string, order: string) => {
  await ledger.send(purchase(customer, order, 5_000, { time: now() }));
};
const put = async (change: Partial<Programme>) =>
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...change })).statusCode).toBe(200);
const visit = (customerId: string) =>
  ledger.publish([
    event(InteractionRecorded, { id: newId(), source: '/test', time: now() }, { customerId, interactionType: 'visit' }),
  ]);

const { expiresAfterDays: _, ...BARE } = PROGRAMME;
const WAITING: Partial<Programme> = {
  expiresAfterDays: 30,
  activation: { kind: 'after', amount: 14, unit: 'days' },
  rules: [
    {
      ...{ id: 'double', name: 'Twice', order: 1, trigger: { on: 'purchase' }, effect: { kind: 'fixed', points: 9 } },
      ...{ expiry: { kind: 'rolling', amount: 2, unit: 'months' }, activation: { kind: 'immediate' } },
    },
  ],
};

beforeAll(async () => {
  ledger = await startLedger({ expiresAfterDays: 10 });
  // Later than any transaction lasts, so that each moment has one version only.
  ledger.clock.advance('PT8H');
  await buy('ann', 'ann-plain');
  await ledger.call('POST', '/v1/customers/ann/adjustments', { points: 7, reason: 'welcome' });
  await ledger.settle();
  await ledger.call('POST', '/v1/customers/ann/transfers', { toCustomerId: 'zoe', points: 2, reason: 'a gift' });
  ledger.clock.advance('PT8H');
  await put(WAITING);
  await buy('bob', 'bob-waits');
  await put({ activation: { kind: 'on_event', interactionType: 'visit', cancelAfterDays: 5 }, expiresAfterDays: 20 });
  await buy('cat', 'cat-awaits');
  await buy('dan', 'dan-visits');
  await ledger.settle();
  ledger.clock.advance('P1D');
  await visit('dan');
  await ledger.settle();
  ledger.clock.advance('PT8H');
  // Points slide: what is bought later keeps what was there.
  const expiry = {
    kind: 'sliding',
    amount: 3,
    unit: 'months',
    activities: ['purchase'],
    interactionTypes: [],
  } as const;
  const rules: Programme['rules'] = [
    {
      ...{ id: 'own', name: 'Own', order: 1, trigger: { on: 'purchase' }, effect: { kind: 'fixed', points: 4 } },
      expiry: { kind: 'rolling', amount: 2, unit: 'months' },
    },
  ];
  const answer = await ledger.call('PUT', '/v1/programme', { ...BARE, expiry, rules });
  expect(answer.statusCode, answer.body).toBe(200);
  await buy('eve', 'eve-1');
  await ledger.settle();
  ledger.clock.advance('P3D');
  await buy('eve', 'eve-2');
  await ledger.settle();
  await ledger.call('POST', '/v1/customers/eve/adjustments', { points: -3, reason: 'a mistake' });
});
afterAll(() => ledger.stop());

/** What is told of lots after the damage. */
const toldOf = (damage: string): Promise<string[]> =>
  lookAtDamage(ledger, damage, async (tx) =>
    (await verifyLots(tx, 5, () => undefined)).map(({ rule, detail }) => `${rule}: ${detail}`),
  );

/** The lots of an order's rule, or of what is no order of a customer. */
const of = (order: string, rule = 'base'): string =>
  `where id in (select id from transfer where order_id = '${order}' and rule_id = '${rule}')`;
const other = (kind: string): string => `where id in (select id from transfer where kind = '${kind}')`;

test('sound lots have no violations', async () => {
  expect(await toldOf('select 1')).toEqual([]);
  await ledger.verify();
});

test('pending points that no sweep will find are found', async () => {
  const damage = "update balance set next_activation_at = null where customer_id in ('bob', 'cat')";
  const found = await lookAtDamage(ledger, damage, (tx, rows) => {
    expect(rows).toBe(2);
    return rulesBroken(tx, RULES);
  });
  expect(found).toEqual(['bounds_hold']);
});

test.each([
  ['an earning never expires', `update lot set expires_at = null ${of('ann-plain')}`],
  ['an earning expires later', `update lot set expires_at = expires_at + interval '1 day' ${of('ann-plain')}`],
  [
    'an earning expires a moment earlier',
    `update lot set expires_at = expires_at - interval '1 ms' ${of('ann-plain')}`,
  ],
  [
    'what a rule gave expires as the rest',
    `update lot set expires_at = expires_at - interval '31 days' ${of('bob-waits', 'double')}`,
  ],
  ['a correction never expires', `update lot set expires_at = null ${other('adjust')} and granted = 7`],
  [
    'a correction expires later',
    `update lot set expires_at = expires_at + interval '1 day' ${other('adjust')} and granted = 7`,
  ],
  ['a gift lives longer', `update lot set expires_at = expires_at + interval '1 day' ${other('transfer_in')}`],
  ['a gift never expires', `update lot set expires_at = null ${other('transfer_in')}`],
  ['points wait longer', `update lot set pending_until = pending_until + interval '30 days' ${of('bob-waits')}`],
  ['points await nothing any more', `update lot set awaits = null ${of('cat-awaits')}`],
  ['points await something else', `update lot set awaits = 'review' ${of('cat-awaits')}`],
  ['spendable points await something', `update lot set awaits = 'visit' ${of('ann-plain')}`],
  [
    'what a visit made spendable lives longer',
    `update lot set expires_at = expires_at + interval '1 year' ${of('dan-visits')}`,
  ],
  [
    'sliding points live longer than activity keeps them',
    `update lot set expires_at = expires_at + interval '1 year' ${of('eve-1')}`,
  ],
  ['sliding points expire earlier', `update lot set expires_at = expires_at - interval '1 day' ${of('eve-1')}`],
  [
    'activity keeps what has an expiry of its own',
    `update lot set expires_at = (select expires_at + interval '1 day' from lot ${of('eve-1')}) ${of('eve-1', 'own')}`,
  ],
  [
    'what a visit made spendable is gone earlier',
    `update lot set expires_at = expires_at - interval '1 year' ${of('dan-visits')}`,
  ],
  ['what a visit made spendable never expires', `update lot set expires_at = null ${of('dan-visits')}`],
  [
    'what was to wait was spendable at once',
    "update transfer set credit = 'customer' where order_id = 'bob-waits' and rule_id = 'base'",
  ],
  [
    'what was spendable at once was to wait',
    "update transfer set credit = 'pending' where order_id = 'ann-plain' and rule_id = 'base'",
  ],
  ['sliding points never expire', `update lot set expires_at = null ${of('eve-1')}`],
])('%s: found', async (_, damage) => {
  // What was given of such a lot no longer fits it either.
  expect(await toldOf(damage)).toContainEqual(expect.stringContaining('lot_is_as_booked'));
});
