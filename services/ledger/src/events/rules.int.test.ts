import { beginAsking } from '@vafa/bus';
import { Topics } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enter, interaction, RULES, ruleDeeds } from '../test/club-rules.fixture.ts';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { findStandings } from '../use-cases/find-standings.ts';
import type { PurchaseEvent } from '../use-cases/read-batch.ts';
import { recordPurchases } from '../use-cases/record-purchases.ts';

const currentRules = createCurrentRules();

let ledger: LedgerHarness;
const { send, statement, earned } = ruleDeeds(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({ rules: RULES });
});

afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

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

test('the explanation of an order lists its entries as its rules took effect', async () => {
  for (const orderId of ['lia-1', 'lia-2', 'lia-3', 'lia-4', 'lia-5', 'lia-6']) {
    await send(purchase('lia', orderId, 1_000, shoes));
    const { earnings } = (await ledger.call('GET', `/v1/orders/${orderId}/earnings`)).json();
    expect(earnings.map(({ ruleId }: { ruleId: string }) => ruleId)).toEqual(['base', 'shoes']);
  }
});

test('the rate alone keeps no explanation, and is told one', async () => {
  await send(purchase('bob', 'bob-1', 1_000));
  expect(await earned('bob')).toEqual([['base', 10, '10 = 10 base']]);
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

/** Books a batch in a transaction of its own, as the consumer does. */
const book = (events: readonly PurchaseEvent[], door: number) =>
  beginAsking(ledger.sql('ledger'), {
    ask: (tx) => findStandings(tx, events, { currentRules }),
    decide: (tx, standings, alongWithCommit) => {
      const place = { group: 'test', topic: 'vafa.purchases', partition: door };
      const context = { ...place, now: ledger.clock.now(), alongWithCommit };
      return recordPurchases(tx, events, context, standings, { refunds: { lookBackPurchases: 1_000, openDays: 7 } });
    },
  });

test('two batches at once do not exceed a budget together', async () => {
  const batch = (door: number) =>
    book(
      Array.from({ length: 8 }, (_, i) => purchase(`gus-${door}-${i}`, `gus-${door}-${i}`, 1_000, { store: 'new' })),
      door,
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
  const customers = ['hap-1', 'hap-2', 'hap-3'];
  const batch = (door: number, ids: readonly string[]) =>
    book(
      ids.flatMap((id) => [0, 1].map((n) => purchase(id, `${id}-${door}-${n}`, 1_000, { channel: 'app' }))),
      door,
    );
  await Promise.all([batch(0, customers), batch(1, customers.toReversed()), batch(2, customers)]);
  for (const id of customers) {
    const given = (await earned(id)).filter(([ruleId]) => ruleId === 'app').map(([, points]) => points);
    expect(given).toEqual([30, 30, 10]);
    expect(await ledger.balance(id)).toMatchObject({ active: 6 * 10 + 70 });
  }
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
  expect(await statement('noa')).toMatchObject([{ ruleId: 'base', ruleVersion: 2 }]);
});
