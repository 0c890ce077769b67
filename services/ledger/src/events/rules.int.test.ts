import {
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  event,
  InteractionRecorded,
  LifecycleChanged,
  SegmentEntered,
  SegmentLeft,
  Topics,
} from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EarningRule } from '../domain/rules/rule.ts';
import { PROGRAMME, purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { recordPurchases } from '../use-cases/record-purchases.ts';

let ledger: LedgerHarness;

const rule = (id: string, order: number, more: Omit<EarningRule, 'id' | 'name' | 'order'>): EarningRule => ({
  id,
  name: id.replaceAll('-', ' '),
  order,
  ...more,
});
const purchases = { on: 'purchase' } as const;

const RULES: EarningRule[] = [
  rule('shoes', 1, {
    trigger: purchases,
    when: { kind: 'any_line', lines: { category: ['shoes'] } },
    effect: { kind: 'per_amount', points: 1, perMinor: 100, currency: 'EUR', lines: { category: ['shoes'] } },
  }),
  rule('silver', 2, {
    trigger: purchases,
    when: { kind: 'customer_segment', in: ['silver'] },
    effect: { kind: 'multiplier', numerator: 12, denominator: 10 },
  }),
  rule('yazd', 3, {
    trigger: purchases,
    when: { kind: 'customer_attribute', name: 'city', in: ['yazd'] },
    effect: { kind: 'multiplier', numerator: 3, denominator: 1, of: ['base'] },
  }),
  rule('app', 3, {
    trigger: purchases,
    when: { kind: 'order_channel', in: ['app'] },
    effect: { kind: 'fixed', points: 30 },
    caps: { perCustomer: [{ limit: 70, unit: 'points', per: 'month' }], beyond: 'reduce' },
  }),
  rule('opening', 4, {
    trigger: purchases,
    when: { kind: 'order_store', in: ['new'] },
    effect: { kind: 'fixed', points: 10 },
    caps: { budget: [{ limit: 95, unit: 'points', per: 'forever' }], beyond: 'reduce' },
  }),
  rule('review', 5, {
    trigger: purchases,
    when: { kind: 'order_store', in: ['reviewed'] },
    effect: { kind: 'fixed', points: 8 },
    activation: { kind: 'on_event', interactionType: 'survey.answered', cancelAfterDays: 14 },
  }),
  rule('short', 6, {
    trigger: purchases,
    when: { kind: 'order_store', in: ['reviewed'] },
    effect: { kind: 'fixed', points: 4 },
    expiry: { kind: 'rolling', amount: 1, unit: 'days' },
  }),
  rule('signup', 1, {
    trigger: { on: 'interaction', interactionType: 'signup' },
    effect: { kind: 'fixed', points: 50 },
    caps: { perCustomer: [{ limit: 1, unit: 'awards', per: 'forever' }], beyond: 'reduce' },
  }),
  rule('vip', 1, { trigger: { on: 'segment_entered', segmentId: 'vip' }, effect: { kind: 'fixed', points: 100 } }),
  rule('back', 1, { trigger: { on: 'lifecycle_entered', state: 'won_back' }, effect: { kind: 'fixed', points: 7 } }),
  rule('birthday', 1, { trigger: { on: 'birthday' }, effect: { kind: 'fixed', points: 20 } }),
  rule('sorry', 1, {
    trigger: { on: 'manual_grant' },
    when: { not: { kind: 'customer_segment', in: ['barred'] } },
    effect: { kind: 'fixed', points: 15 },
    caps: { perCustomer: [{ limit: 2, unit: 'awards', per: 'year' }], beyond: 'reduce' },
  }),
];

beforeAll(async () => {
  ledger = await startLedger({ rules: RULES });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const envelope = (time = T0) => ({ id: newId(), source: '/test', time });
const send = async (...events: Parameters<LedgerHarness['publish']>[0]): Promise<void> => {
  await ledger.publish(events);
  await ledger.settle();
};
const enter = (customerId: string, segmentId: string) =>
  event(SegmentEntered, envelope(), { customerId, segmentId, reason: 'test' });
const interaction = (customerId: string, interactionType: string, time?: string) =>
  event(InteractionRecorded, envelope(time), { customerId, interactionType });

interface Entry {
  kind: string;
  points: number;
  ruleId?: string;
  explanation?: { text: string };
  reason: string;
  orderId?: string;
}
const statement = async (customerId: string): Promise<Entry[]> =>
  (await ledger.call('GET', `/v1/customers/${customerId}/statement?limit=200`)).json().entries.reverse();
const earned = async (customerId: string) =>
  (await statement(customerId)).map(({ ruleId, points, explanation }) => [ruleId, points, explanation?.text]);
const shoes = { lines: [{ sku: 's', quantity: 1, amountMinor: 500, category: 'shoes' }] };

test('each rule that gives makes an entry of its own, with its explanation, and is told', async () => {
  await send(enter('ann', 'silver'));
  await send(purchase('ann', 'ann-1', 1_000, { ...shoes, channel: 'app' }));
  expect(await earned('ann')).toEqual([
    ['base', 12, '12 = 10 base × 1.2 silver'],
    ['shoes', 6, '6 = 5 shoes × 1.2 silver'],
    ['app', 30, '30 = 30 app'],
  ]);
  expect(await ledger.balance('ann')).toMatchObject({ active: 48, earned: 48 });
  const told = (await ledger.events(Topics.points)).filter(({ subject }) => subject === 'ann');
  expect(told.map(({ data }) => data)).toMatchObject([
    { points: 12, balanceAfter: 12, ruleId: 'base', orderId: 'ann-1' },
    { points: 6, balanceAfter: 18, ruleId: 'shoes' },
    { points: 30, balanceAfter: 48, ruleId: 'app' },
  ]);
});

test('the rate alone keeps no explanation', async () => {
  await send(purchase('bob', 'bob-1', 1_000));
  expect(await earned('bob')).toEqual([['base', 10, undefined]]);
  const [row] = await ledger.sql('ledger')`select t.explanation, p.awards from purchase p
    join transfer t on t.id = p.earn_id where p.order_id = 'bob-1'`;
  expect(row).toEqual({ explanation: null, awards: null });
});

test('sent again, within a batch or later, an order changes nothing, nor do its counters', async () => {
  const order = purchase('cid', 'cid-1', 1_000, { channel: 'app' });
  await send(order, order);
  await send(order, purchase('cid', 'cid-2', 1_000, { channel: 'app' }));
  expect((await earned('cid')).map(([ruleId, points]) => [ruleId, points])).toEqual([
    ['base', 10],
    ['app', 30],
    ['base', 10],
    ['app', 30],
  ]);
  const counters = await ledger.sql('ledger')`select points, awards from rule_counter where customer_id = 'cid'`;
  expect(counters).toEqual([{ points: 60, awards: 2 }]);
});

test('beyond its cap a rule gives less, then nothing; other months have their own', async () => {
  const orders = [1, 2, 3, 4].map((i) => purchase('dan', `dan-${i}`, 1_000, { channel: 'app' }));
  await send(...orders.slice(0, 2));
  await send(...orders.slice(2), purchase('dan', 'dan-5', 1_000, { channel: 'app', time: '2026-10-31T22:59:59Z' }));
  expect((await earned('dan')).filter(([ruleId]) => ruleId === 'app')).toEqual([
    ['app', 30, '30 = 30 app'],
    ['app', 30, '30 = 30 app'],
    ['app', 10, '10 = 30 app − 20 over the cap of 70 points per customer and month'],
    ['app', 30, '30 = 30 app'],
  ]);
  expect(await ledger.balance('dan')).toMatchObject({ active: 150 });
});

test('a refund takes back proportionally from every entry of the order, in parts that add up', async () => {
  await send(purchase('eve', 'eve-1', 1_000, { ...shoes, channel: 'app' }));
  expect(await ledger.balance('eve')).toMatchObject({ active: 45 });
  const part = (refundId: string, amountMinor: number) =>
    refund('eve', refundId, { scope: 'amount', orderId: 'eve-1', amountMinor });
  await send(part('eve-r1', 333));
  // ⌊10 × 0.333⌋ + ⌊5 × 0.333⌋ + ⌊30 × 0.333⌋.
  expect(await ledger.balance('eve')).toMatchObject({ active: 45 - 3 - 1 - 9 });
  await send(part('eve-r2', 333), refund('eve', 'eve-r3', { scope: 'whole', orderId: 'eve-1' }));
  expect(await ledger.balance('eve')).toMatchObject({ active: 0, earned: 45, negative: 0 });
  const lots = await ledger.sql(
    'ledger',
  )`select granted, remaining from lot where customer_id = 'eve' order by granted`;
  expect(lots).toEqual([5, 10, 30].map((granted) => ({ granted, remaining: 0 })));
});

test('a refund in the batch of its order, and one that came before it, see what the caps left', async () => {
  const app = (n: number) => purchase('fay', `fay-${n}`, 1_000, { channel: 'app' });
  await send(refund('fay', 'fay-r3', { scope: 'whole', orderId: 'fay-3' }));
  await send(app(1), app(2), app(3), app(4), refund('fay', 'fay-r4', { scope: 'whole', orderId: 'fay-4' }));
  // 40 + 40 + 20 + 10; the last two are gone, and give the cap nothing back.
  expect(await ledger.balance('fay')).toMatchObject({ active: 80, earned: 110, negative: 0 });
});

test('two batches at once do not exceed a budget together', async () => {
  const currentRules = createCurrentRules();
  const batch = (door: number) =>
    ledger.sql('ledger').begin((tx) =>
      recordPurchases(
        tx,
        Array.from({ length: 8 }, (_, i) => purchase(`gus-${door}-${i}`, `gus-${door}-${i}`, 1_000, { store: 'new' })),
        { group: 'test', topic: 'vafa.purchases', partition: door, now: ledger.clock.now() },
        { currentRules, lookBackPurchases: 1_000 },
      ),
    );
  await Promise.all([batch(0), batch(1)]);
  const [sums] = await ledger.sql('ledger')`select sum(amount)::bigint as points, count(*) as entries from transfer
    where rule_id = 'opening'`;
  expect(sums).toEqual({ points: 95, entries: 10 });
  expect(await ledger.sql('ledger')`select points from rule_counter where rule_id = 'opening'`).toEqual([
    { points: 95 },
  ]);
});

test('two batches of the same customers at once do not exceed their caps, and wait for each other in order', async () => {
  const currentRules = createCurrentRules();
  const customers = ['hap-1', 'hap-2', 'hap-3'];
  const batch = (door: number, ids: readonly string[]) =>
    ledger.sql('ledger').begin((tx) =>
      recordPurchases(
        tx,
        ids.flatMap((id) => [0, 1].map((n) => purchase(id, `${id}-${door}-${n}`, 1_000, { channel: 'app' }))),
        { group: 'test', topic: 'vafa.purchases', partition: door, now: ledger.clock.now() },
        { currentRules, lookBackPurchases: 1_000 },
      ),
    );
  await Promise.all([batch(0, customers), batch(1, customers.toReversed()), batch(2, customers)]);
  for (const id of customers) {
    const given = (await earned(id)).filter(([ruleId]) => ruleId === 'app').map(([, points]) => points);
    expect(given).toEqual([30, 30, 10]);
    expect(await ledger.balance(id)).toMatchObject({ active: 6 * 10 + 70 });
  }
});

test('an interaction earns once, however often it comes, and only what the rules name', async () => {
  const signup = interaction('hal', 'signup');
  await send(signup, signup, interaction('hal', 'app.opened'));
  await send(signup, interaction('hal', 'signup'));
  expect(await statement('hal')).toMatchObject([{ kind: 'earn', points: 50, ruleId: 'signup', reason: 'signup' }]);
});

test('a rule has times of its own: points that await an interaction, points that expire sooner', async () => {
  await send(purchase('ivy', 'ivy-1', 1_000, { store: 'reviewed' }));
  expect(await ledger.balance('ivy')).toMatchObject({
    active: 14,
    pending: 8,
    nextExpiration: { points: 4, at: '2026-11-22T22:59:59.999Z' },
  });
  await send(interaction('ivy', 'survey.answered'));
  expect(await ledger.balance('ivy')).toMatchObject({ active: 22, pending: 0 });
});

test('what is known of a customer is what was last said, and rules ask it', async () => {
  const known = (attributes?: Record<string, string>) =>
    event(CustomerUpdated, envelope(), { customerId: 'jim', ...(attributes ? { attributes } : {}) });
  const buy = (n: number) => purchase('jim', `jim-${n}`, 1_000);
  await send(known({ city: 'yazd' }), known({ city: 'tehran' }));
  await send(buy(1));
  await send(known({ city: 'yazd' }));
  await send(buy(2));
  await send(known());
  await send(buy(3));
  expect((await earned('jim')).map(([, , text]) => text)).toEqual([undefined, '30 = 10 base × 3 yazd', undefined]);
});

test('entering a segment or a lifecycle state earns; what customers are in is known to rules from then on', async () => {
  await send(
    enter('ida', 'vip'),
    event(LifecycleChanged, envelope(), { customerId: 'ida', from: 'churned', to: 'won_back', reason: 'r', orders: 3 }),
    enter('ida', 'silver'),
  );
  await send(purchase('ida', 'ida-1', 1_000));
  await send(event(SegmentLeft, envelope(), { customerId: 'ida', segmentId: 'silver', reason: 'test' }));
  await send(purchase('ida', 'ida-2', 1_000));
  expect((await earned('ida')).map(([ruleId, points]) => [ruleId, points])).toEqual([
    ['vip', 100],
    ['back', 7],
    ['base', 12],
    ['base', 10],
  ]);
});

test('a grant is given once for its id, by a rule or by points, within the rule', async () => {
  const grant = (body: object) => ledger.call('POST', '/v1/customers/kai/grants', { reason: 'late delivery', ...body });
  const first = await grant({ grantId: 'k1', ruleId: 'sorry' });
  expect([first.statusCode, first.json()]).toMatchObject([
    201,
    { points: 15, ruleId: 'sorry', balance: { active: 15 } },
  ]);
  const again = await grant({ grantId: 'k1', ruleId: 'sorry' });
  expect(again.json()).toMatchObject({ entryId: first.json().entryId, points: 15, balance: { active: 15 } });
  const other = await grant({ grantId: 'k1', points: 15 });
  expect([other.statusCode, other.json().code]).toEqual([409, 'ledger.grant_conflict']);
  const points = await grant({ grantId: 'k2', points: 40 });
  expect(points.json()).toMatchObject({ points: 40, ruleId: 'grant', balance: { active: 55 } });
  expect((await grant({ grantId: 'k3', ruleId: 'sorry' })).statusCode).toBe(201);
  const over = await grant({ grantId: 'k4', ruleId: 'sorry' });
  expect([over.statusCode, over.json().code]).toEqual([422, 'ledger.cap_reached']);
  // It was refused, not used up: when there is room it is given.
  expect(await ledger.sql('ledger')`select 1 from rule_award where content_hash is not null`).toHaveLength(3);
  for (const [body, status, code] of [
    [{ grantId: 'k5', ruleId: 'vip' }, 404, 'ledger.rule_not_found'],
    [{ grantId: 'k5', ruleId: 'sorry', points: 1 }, 400, 'ledger.grant_incomplete'],
    [{ grantId: 'k5' }, 400, 'ledger.grant_incomplete'],
  ] as const) {
    const answer = await grant(body);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
  }
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules: RULES, approvalAbovePoints: 40 });
  const much = await grant({ grantId: 'k6', points: 41 });
  expect([much.statusCode, much.json().code]).toEqual([422, 'ledger.approval_needed']);
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules: RULES });
  await send(enter('kai', 'barred'));
  const barred = await grant({ grantId: 'k5', ruleId: 'sorry' });
  expect([barred.statusCode, barred.json().code]).toEqual([422, 'ledger.rule_does_not_apply']);
  expect(await statement('kai')).toMatchObject([
    { reason: 'late delivery' },
    { reason: 'late delivery' },
    { points: 15 },
  ]);
});

test('the same grant at the same moment is given once', async () => {
  const grant = () =>
    ledger
      .call('POST', '/v1/customers/leo/grants', { grantId: 'l1', points: 9, reason: 'twice' })
      .then((a) => a.json());
  const [a, b] = await Promise.all([grant(), grant()]);
  expect(a.entryId).toBe(b.entryId);
  expect(await ledger.balance('leo')).toMatchObject({ active: 9 });
});

test('merged: what the one earned counts in the caps of the other; erased: nothing is known any more', async () => {
  const app = (customerId: string, n: number) => purchase(customerId, `${customerId}-${n}`, 100, { channel: 'app' });
  await send(enter('mia', 'silver'), app('mia', 1), app('mia2', 1));
  await send(event(CustomerMerged, envelope(), { customerId: 'mia2', intoCustomerId: 'mia' }));
  await send(app('mia2', 2));
  const last = (await statement('mia')).at(-1);
  expect(last).toMatchObject({ ruleId: 'app', points: 10 });
  await send(event(CustomerErased, envelope(), { customerId: 'mia' }));
  for (const table of ['customer_profile', 'rule_counter'])
    expect(await ledger.sql('ledger')`select 1 from ${ledger.sql('ledger')(table)} t where t::text ~ 'mia'`).toEqual(
      [],
    );
  await ledger.verify();
});

test('a programme with rules that make no sense is refused, with the place of each mistake', async () => {
  const [shoesRule, ...others] = RULES;
  const put = async (...rules: unknown[]) => {
    const answer = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules });
    const problems: { path: string }[] = answer.json().problems ?? [];
    return [answer.statusCode, [...new Set(problems.map(({ path }) => path))]];
  };
  expect(await put(shoesRule, { ...others[0], id: 'shoes', endsAt: 'soon' })).toEqual([400, ['/rules/1/endsAt']]);
  expect(await put(shoesRule, { ...others[0], id: 'shoes' })).toEqual([400, ['/rules/1/id']]);
  const when = { all: [{ not: { kind: 'order_store', stores: ['a'] } }] };
  expect(await put({ ...shoesRule, when })).toEqual([400, ['/rules/0/when/all/0/not/stores']]);
  const bound = { any: [{ kind: 'order_lines' }, { kind: 'lines_quantity', atLeast: 1 }] };
  expect(await put({ ...shoesRule, when: bound })).toEqual([400, ['/rules/0/when/any/0', '/rules/0/when/any/1/lines']]);
  expect(await put({ ...shoesRule, effect: { kind: 'fixed' } })).toEqual([400, ['/rules/0/effect/points']]);
});

test('rules are read back as they were written, and described', async () => {
  const programme = await ledger.call('GET', '/v1/programme');
  expect(programme.json().rules).toEqual(RULES);
  const described = JSON.stringify((await ledger.call('GET', '/openapi.json')).json());
  for (const word of ['lines_quantity', 'A group (all, any or not, alone)', 'perCustomer'])
    expect(described).toContain(word);
});

test('a rule taken out of the programme gives no more; entries keep the version they followed', async () => {
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules: RULES.filter(({ id }) => id !== 'shoes') });
  await send(purchase('noa', 'noa-1', 1_000, shoes));
  expect(await statement('noa')).toMatchObject([{ ruleId: 'base', ruleVersion: 4 }]);
});

test('a birthday earns once a year, when it begins', async () => {
  const known = (birthDate: string) =>
    event(CustomerUpdated, envelope(), { customerId: 'jan', birthDate, attributes: { city: 'yazd' } });
  await send(known('1990-11-22'));
  expect(await earned('jan')).toEqual([]);
  ledger.clock.set('2026-11-21T23:00:00Z');
  await ledger.settle();
  await ledger.settle();
  expect(await statement('jan')).toMatchObject([
    { points: 20, ruleId: 'birthday', occurredAt: '2026-11-21T23:00:00Z' },
  ]);
  // The date was wrong by a day: this year's has been given.
  await send(known('1990-11-23'));
  ledger.clock.set('2026-11-23T08:00:00Z');
  await ledger.settle();
  expect(await statement('jan')).toHaveLength(1);
  ledger.clock.set('2027-11-24T08:00:00Z');
  await ledger.settle();
  expect(await statement('jan')).toHaveLength(2);
});
