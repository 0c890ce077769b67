import { prepareAndHandle } from '@vafa/bus';
import {
  CustomerErased,
  CustomerMerged,
  type EventEnvelope,
  event,
  InteractionRecorded,
  Topics,
} from '@vafa/contracts';
import { newId, present } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RULES } from '../store/verify-rules.ts';
import { lookAtDamage } from '../test/damage.fixture.ts';
import { purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { subscriptions } from './subscriptions.ts';

const SURVEY = 'survey.answered';
const DAY = '2026-11-20';
const at = (time: string): string => `${DAY}T${time}:00Z`;

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({
    activation: { kind: 'on_event', interactionType: SURVEY, cancelAfterDays: 7 },
    expiresAfterDays: 30,
    rules: [
      {
        ...{ id: 'signup', name: 'signup', order: 1, effect: { kind: 'fixed', points: 5 } },
        trigger: { on: 'interaction', interactionType: SURVEY },
      },
    ],
  });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const answered = (customerId: string, time: string, attributes: Record<string, string | number> = {}): EventEnvelope =>
  event(
    InteractionRecorded,
    { id: newId(), source: '/test', time },
    { customerId, interactionType: SURVEY, attributes },
  );

/** Each is heard before the next is told. */
const tell = async (...events: EventEnvelope[]): Promise<void> => {
  for (const each of events) {
    await ledger.send(each);
  }
};

const told = async (customerId: string) =>
  (await ledger.events(Topics.points))
    .filter(({ subject }) => subject === customerId)
    .map(({ type, time, data }) => {
      const { points, balanceAfter, expiresAt, reason } = data as Record<string, unknown>;
      return [type, time, points, balanceAfter, expiresAt, reason];
    });
const lotsOf = (customerId: string) =>
  ledger.sql(
    'ledger',
  )`select lot.granted, lot.remaining, lot.pending, lot.expires_at, lot.pending_until, lot.awaits, lot.activated_at
    from lot join transfer t using (id) where lot.customer_id = ${customerId} order by t.seq`;
const keptOf = async (customerId: string): Promise<number> => {
  const [row] = await ledger.sql('ledger')<{ count: number }[]>`
    select count(*) from awaited_interaction where customer_id = ${customerId}`;
  return row?.count ?? 0;
};
/** Points that an order earned, apart from what the answer itself did. */
const ofOrder = async (orderId: string) => {
  const [row] = await ledger.sql('ledger')<{ remaining: number; pending: number }[]>`
    select remaining, pending from lot join transfer t using (id) where t.order_id = ${orderId}`;
  return row;
};

test('an answer that is told before its purchase comes to the same as one that is told after it', async () => {
  await tell(purchase('after', 'after-1', 2_000, { time: at('10:00') }), answered('after', at('12:00')));
  await tell(answered('before', at('12:00')), purchase('before', 'before-1', 2_000, { time: at('10:00') }));
  const lots = await lotsOf('after');
  expect(lots.map(({ remaining, pending }) => [remaining, pending])).toEqual([
    [20, 0],
    [0, 5],
  ]);
  expect([...(await lotsOf('before'))].sort((a, b) => b.granted - a.granted)).toEqual(lots);
  expect(await ledger.balance('before')).toEqual({ ...(await ledger.balance('after')), customerId: 'before' });
  // The answer's own points come before or after them.
  const ofPurchase = async (customerId: string) => (await told(customerId)).filter(([, , points]) => points === 20);
  expect(await ofPurchase('before')).toEqual(await ofPurchase('after'));
  expect((await ofPurchase('before')).map(([type, time]) => [type, time])).toEqual([
    ['points.earned', at('10:00')],
    ['points.activated', at('12:00')],
  ]);
});

test('an order that is named by a number is the one that it names, told before or after it', async () => {
  await tell(
    ...['1001', '1002'].map((orderId) => purchase('counted', orderId, 2_000, { time: at('10:00') })),
    answered('counted', at('12:00'), { orderId: 1001 }),
    answered('counted', at('12:30'), { orderId: 1003 }),
    ...['1003', '1004'].map((orderId) => purchase('counted', orderId, 2_000, { time: at('11:00') })),
  );
  const free = { remaining: 20, pending: 0 };
  const waits = { remaining: 0, pending: 20 };
  expect(await Promise.all(['1001', '1002', '1003', '1004'].map(ofOrder))).toEqual([free, waits, free, waits]);
});

test('what was done before the purchase, or too late, is no answer to it; the first of several that are is', async () => {
  await tell(
    ...[answered('first', at('09:00')), answered('first', '2026-11-21T07:00:00Z'), answered('first', at('13:00'))],
    purchase('first', 'first-1', 2_000, { time: at('10:00') }),
  );
  const [lot] = await ledger.sql('ledger')`
    select activated_at from lot join transfer t using (id) where t.order_id = 'first-1'`;
  expect(lot?.activated_at).toBe('2026-11-20 13:00:00+00');
  await tell(answered('none', at('09:00')), purchase('none', 'none-1', 2_000, { time: at('10:00') }));
  expect(await ofOrder('none-1')).toEqual({ remaining: 0, pending: 20 });
  // Told once more it answers no more than before, nor what it brought itself.
  await tell(answered('none', at('09:00')));
  expect(await ofOrder('none-1')).toEqual({ remaining: 0, pending: 20 });
  await tell(
    answered('late', '2026-11-19T09:00:00Z'),
    purchase('late', 'late-1', 2_000, { time: '2026-11-10T10:00:00Z' }),
  );
  expect(await ofOrder('late-1')).toEqual({ remaining: 0, pending: 0 });
});

test('an interaction that is told twice changes nothing, and releases nothing that it brought itself', async () => {
  const twice = answered('twice', at('12:00'));
  await tell(twice, twice);
  expect(await keptOf('twice')).toBe(1);
  expect((await lotsOf('twice')).map(({ remaining, pending }) => [remaining, pending])).toEqual([[0, 5]]);
  await tell(answered('twice', at('14:00')));
  expect((await lotsOf('twice')).map(({ remaining, pending }) => [remaining, pending])).toEqual([
    [5, 0],
    [0, 5],
  ]);
});

test('an answer about an order releases the points of that one', async () => {
  await tell(
    purchase('about', 'about-1', 1_000, { time: at('10:00') }),
    purchase('about', 'about-2', 2_000, { time: at('10:00') }),
    answered('about', at('12:00'), { orderId: 'about-2' }),
    answered('about', at('12:30'), { orderId: 'about-3' }),
    purchase('about', 'about-3', 3_000, { time: at('10:00') }),
    purchase('about', 'about-4', 4_000, { time: at('10:00') }),
  );
  const states = await Promise.all([1, 2, 3, 4].map((n) => ofOrder(`about-${n}`)));
  expect(states.map((each) => each?.remaining)).toEqual([0, 20, 30, 0]);
});

test('a refund that comes with its purchase, after the answer, is about points that were spendable', async () => {
  await tell(answered('back', at('12:00')));
  await ledger.publish([
    refund('back', 'back-r', { scope: 'amount', orderId: 'back-1', amountMinor: 500, time: at('13:00') }),
    purchase('back', 'back-1', 2_000, { time: at('10:00') }),
  ]);
  await ledger.settle();
  const entries = await ledger.sql('ledger')`
    select kind, debit, credit, amount from transfer where order_id = 'back-1' or lot_id in (
      select id from transfer where order_id = 'back-1') order by seq`;
  expect(entries.map(({ kind, amount }) => [kind, amount])).toEqual([
    ['earn', 20],
    ['activate', 20],
    ['clawback', 5],
  ]);
  expect(entries[2]?.debit).toBe('customer');
});

test('that points await what is known is found', async () => {
  const [rule] = RULES.filter(({ rule }) => rule === 'awaited_is_not_done');
  const brokenBy = (damage: string) =>
    lookAtDamage(ledger, damage, async (tx) => (await rule?.find(tx, 5))?.map(({ detail }) => detail));
  const known = (time: string, orderId: string): string => `
    insert into awaited_interaction values ('none', '${SURVEY}', '${at(time)}', '${orderId}', now())`;
  const found = 'awaits survey.answered, which was done at 2026-11-20 10:00:00+00';
  expect(await brokenBy(known('08:59', ''))).toEqual([]);
  expect(await brokenBy(known('10:00', 'none-2'))).toEqual([]);
  expect(await brokenBy(known('10:00', 'none-1'))).toEqual([found]);
  // Of the order, and of what two answers at nine brought.
  expect(await brokenBy(known('10:00', ''))).toEqual([found, found, found]);
});

const heard = subscriptions({
  currentRules: createCurrentRules(),
  refunds: { lookBackPurchases: 100, openDays: 7 },
  countOutcomes: () => undefined,
});

/** Hears an event in a transaction that stays open until it is told to commit. */
const hear = (told: EventEnvelope, topic: (typeof Topics)[keyof typeof Topics]) => {
  const context = { group: 'race', topic: topic.name, partition: 0, now: ledger.clock.now() };
  const subscription = present(
    heard.find((each) => each.topic === topic),
    topic.name,
  );
  const [handled, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const done = ledger.sql('ledger').begin(async (tx) => {
    await prepareAndHandle(subscription, tx, [told] as never, context);
    handled.resolve();
    await commit.promise;
  });
  return { handled: handled.promise, done, commit: commit.resolve };
};

test('an answer and its purchase, the first there is of the customer, that come at the same moment find each other', async () => {
  for (const [name, answerFirst] of [
    ['race-a', true],
    ['race-b', false],
  ] as const) {
    const tellings = [
      () => hear(answered(name, at('12:00'), { orderId: name }), Topics.interactions),
      () => hear(purchase(name, name, 2_000, { time: at('10:00') }), Topics.purchases),
    ];
    const [one, other] = (answerFirst ? tellings : tellings.reverse()) as [(typeof tellings)[0], (typeof tellings)[0]];
    const first = one();
    await first.handled;
    const second = other();
    const waits = await Promise.race([
      second.handled.then(() => false),
      new Promise((resolve) => setTimeout(resolve, 300, true)),
    ]);
    expect(waits).toBe(true);
    first.commit();
    await first.done;
    second.commit();
    await second.done;
    expect(await ofOrder(name)).toEqual({ remaining: 20, pending: 0 });
  }
});

test('who only answers has no account, and what was kept is forgotten with its customer', async () => {
  const sql = ledger.sql('ledger');
  await ledger.call('PUT', '/v1/programme', { ...(await plain()), rules: [] });
  await tell(answered('guest', at('12:00')));
  expect(await sql`select from balance where customer_id = 'guest'`).toHaveLength(0);
  expect(await keptOf('guest')).toBe(1);
  await tell(event(CustomerErased, { id: newId(), source: '/test', time: at('15:00') }, { customerId: 'guest' }));
  expect(await keptOf('guest')).toBe(0);
  expect(await sql`select from awaited_interaction where customer_id like 'erased:%'`).toHaveLength(0);
  await tell(purchase('guest', 'guest-1', 2_000, { time: at('16:00') }));
  expect(await ofOrder('guest-1')).toEqual({ remaining: 0, pending: 20 });
  // Who was known before, though without any points, stays so: a merger is kept with her.
  const known = () =>
    sql`select customer_id as id from balance where customer_id = 'poor' or merged_into = 'poor' order by 1`;
  await tell(
    event(
      CustomerMerged,
      { id: newId(), source: '/test', time: at('09:00') },
      { customerId: 'none', intoCustomerId: 'poor' },
    ),
  );
  expect(await known()).toMatchObject([{ id: 'none' }, { id: 'poor' }]);
  await tell(answered('none', at('12:00')));
  expect(await known()).toMatchObject([{ id: 'none' }, { id: 'poor' }]);
});

const plain = async () => {
  const { version: _v, actor: _a, createdAt: _c, ...body } = (await ledger.call('GET', '/v1/programme')).json();
  return body;
};

test('of two who are merged, what the one did answers what the other bought, whenever it is told', async () => {
  const merged = (customerId: string, intoCustomerId: string) =>
    event(CustomerMerged, { id: newId(), source: '/test', time: at('18:00') }, { customerId, intoCustomerId });
  await tell(
    answered('phone', at('12:00')),
    purchase('mail', 'mail-1', 2_000, { time: at('10:00') }),
    merged('phone', 'mail'),
  );
  expect(await ofOrder('mail-1')).toEqual({ remaining: 20, pending: 0 });
  expect((await told('mail')).map(([type, time]) => [type, time])).toEqual([
    ['points.earned', '2026-11-20T10:00:00Z'],
    ['points.activated', '2026-11-20T12:00:00Z'],
  ]);
  expect([await keptOf('phone'), await keptOf('mail')]).toEqual([0, 1]);
  await tell(purchase('mail', 'mail-2', 3_000, { time: at('11:00') }));
  expect(await ofOrder('mail-2')).toEqual({ remaining: 30, pending: 0 });
});

test('what the programme awaits is kept, nothing else, and for so long as points may wait and some days', async () => {
  const opened = event(
    InteractionRecorded,
    { id: newId(), source: '/test', time: at('12:00') },
    { customerId: 'kept', interactionType: 'app.opened' },
  );
  await tell(answered('kept', at('12:00')), opened);
  expect(await keptOf('kept')).toBe(1);
  const told = ledger.clock.now();
  ledger.clock.set(told.add({ hours: 24 * 37 }));
  await ledger.settle();
  expect(await keptOf('kept')).toBe(1);
  ledger.clock.set(told.add({ hours: 24 * 37, seconds: 1 }));
  await ledger.settle();
  expect(await keptOf('kept')).toBe(0);
});
