import type { Tx } from '@vafa/bus';
import { CustomerErased, CustomerMerged, event, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { untilWaiting } from '../test/until-waiting.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({ expiresAfterDays: 10 });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const give = (from: string, toCustomerId: string, points: unknown, headers?: Record<string, string>) =>
  ledger.call('POST', `/v1/customers/${from}/transfers`, { toCustomerId, points, reason: 'a gift' }, headers);
const buy = async (...purchases: Parameters<typeof purchase>[]): Promise<void> => {
  await ledger.publish(purchases.map((each) => purchase(...each)));
  await ledger.settle();
};

test('points keep their expiry on their way to another, earliest first', async () => {
  await buy(
    ['ann', 'ann-1', 3_000, { time: '2026-11-15T10:00:00Z' }],
    ['ann', 'ann-2', 2_000, { time: '2026-11-15T12:00:00Z' }],
    ['ann', 'ann-3', 4_000, { time: '2026-11-20T10:00:00Z' }],
  );
  const given = await give('ann', 'bob', 60);
  expect(given.statusCode, given.body).toBe(201);
  const [early, later] = ['2026-11-25T22:59:59.999Z', '2026-11-30T22:59:59.999Z'];
  expect(given.json()).toMatchObject({
    points: 60,
    parts: [
      { points: 50, expiresAt: early },
      { points: 10, expiresAt: later },
    ],
    balance: { active: 30 },
  });
  expect(await ledger.balance('bob')).toMatchObject({ active: 60, nextExpiration: { points: 50, at: early } });
  expect(await ledger.balance('ann')).toMatchObject({ active: 30, nextExpiration: { points: 30, at: later } });
  const entries = (await ledger.call('GET', '/v1/customers/bob/statement')).json().entries;
  expect(entries).toMatchObject([
    { kind: 'transfer_in', points: 10, balanceAfter: 60, reason: 'a gift' },
    { kind: 'transfer_in', points: 50, balanceAfter: 50, reason: 'a gift' },
  ]);
  expect((await ledger.call('GET', '/v1/ledger/totals')).json().points).toMatchObject({
    outstanding: 90,
    sumOfAllEntries: 0,
  });
  // A refund of the giver's order takes from what is left of it, then from the others: the gift is not called back.
  await ledger.send(refund('ann', 'ann-r', { scope: 'whole', orderId: 'ann-1' }));
  expect(await ledger.balance('ann')).toMatchObject({ active: 0 });
  expect(await ledger.balance('bob')).toMatchObject({ active: 60 });
});

test('what was given is told to both, by the entries that the answer names; also of who was merged into the giver', async () => {
  await buy(['una', 'una-1', 1_000]);
  await ledger.send(
    event(CustomerMerged, { id: newId(), source: '/test', time: T0 }, { customerId: 'une', intoCustomerId: 'una' }),
  );
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const given = await give('une', 'vic', 4, { traceparent: `00-${trace}-b7ad6b7169203331-01` });
  expect(given.json()).toMatchObject({ points: 4, balance: { active: 6 } });
  const [{ entryId, toEntryId }] = given.json().parts;
  await ledger.settle();
  const told = await ledger.events(Topics.points);
  for (const [id, customerId, points, balanceAfter] of [
    [entryId, 'una', -4, 6],
    [toEntryId, 'vic', 4, 4],
  ]) {
    const data = { customerId, points, balanceAfter, reason: 'a gift' };
    const traceparent = expect.stringContaining(trace);
    expect(told.filter((each) => each.id === id)).toMatchObject([{ type: 'points.adjusted', data, traceparent }]);
  }
  const file = (await ledger.call('GET', '/v1/finance/entries?format=ndjson')).body.trimEnd().split('\n');
  const entries = file.map((line) => JSON.parse(line));
  const find = (id: string) => entries.find((entry) => entry.entryId === id);
  expect(find(entryId)).toMatchObject({ kind: 'transfer_out', pairId: toEntryId, actor: expect.stringMatching(/./) });
  expect(find(toEntryId)).toMatchObject({ kind: 'transfer_in', pairId: entryId, actor: expect.stringMatching(/./) });
});

test('a gift may be of more lots than are looked at first', async () => {
  await buy(...Array.from({ length: 70 }, (_, i): Parameters<typeof purchase> => ['wes', `wes-${i}`, 100]));
  expect((await give('wes', 'xia', 70)).json()).toMatchObject({ points: 70, balance: { active: 0 } });
});

test('what the receiver owes is paid off with the gift', async () => {
  await buy(['carl', 'carl-1', 2_000], ['dora', 'dora-1', 1_500]);
  const held = await ledger.call('POST', '/v1/customers/carl/reservations', { points: 20 });
  await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`);
  await ledger.send(refund('carl', 'carl-r', { scope: 'whole', orderId: 'carl-1' }));
  expect(await ledger.balance('carl')).toMatchObject({ active: 0, negative: 20 });
  expect((await give('dora', 'carl', 5)).statusCode).toBe(201);
  expect(await ledger.balance('carl')).toMatchObject({ active: 0, negative: 15 });
  expect((await give('carl', 'dora', 1)).json()).toMatchObject({ code: 'ledger.insufficient_points', available: 0 });
  await ledger.verify();
});

test('what can not be given is refused', async () => {
  await buy(['eve', 'eve-1', 1_000]);
  await ledger.call('POST', '/v1/customers/eve/reservations', { points: 4 });
  expect((await give('eve', 'finn', 7)).json()).toMatchObject({
    status: 422,
    code: 'ledger.insufficient_points',
    available: 6,
  });
  expect((await give('eve', 'eve', 1)).json()).toMatchObject({ status: 422, code: 'ledger.transfer_to_self' });
  for (const points of [0, -1, 1.5, '3']) expect((await give('eve', 'finn', points)).statusCode).toBe(400);
  await ledger.publish([
    event(CustomerMerged, { id: newId(), source: '/test', time: T0 }, { customerId: 'old', intoCustomerId: 'new' }),
    event(CustomerMerged, { id: newId(), source: '/test', time: T0 }, { customerId: 'eve2', intoCustomerId: 'eve' }),
  ]);
  await ledger.settle();
  expect((await give('eve', 'old', 1)).json()).toMatchObject({ status: 409, code: 'ledger.receiver_merged' });
  expect((await give('eve', 'eve2', 1)).json()).toMatchObject({ code: 'ledger.transfer_to_self' });
  expect((await give('eve', 'erased:x', 1)).json()).toMatchObject({ status: 422, code: 'ledger.customer_erased' });
  expect(await ledger.balance('eve')).toMatchObject({ active: 6, reserved: 4 });
});

test('points are not given from the instant of their expiry on, whether or not the sweep has been by', async () => {
  // Told one after the other: what came later expires in the month after.
  await buy(['gail', 'gail-1', 1_000, { time: '2026-11-12T10:00:00Z' }]);
  await buy(['gail', 'gail-2', 300]);
  ledger.clock.set(Temporal.Instant.from('2026-11-22T22:59:59.999Z'));
  expect((await give('gail', 'hank', 4)).json()).toMatchObject({ code: 'ledger.insufficient_points', available: 3 });
  expect((await give('gail', 'hank', 3)).statusCode).toBe(201);
  expect(await ledger.balance('gail')).toMatchObject({ active: 0, expired: 10 });
});

test('once with one Idempotency-Key', async () => {
  await buy(['ida', 'ida-1', 1_000]);
  const key = { 'idempotency-key': 'gift-1' };
  const [first, again] = await Promise.all([give('ida', 'jan', 6, key), give('ida', 'jan', 6, key)]);
  expect(again.json()).toEqual(first.json());
  expect(await ledger.balance('jan')).toMatchObject({ active: 6 });
});

test('everybody gives to everybody at once: nobody waits for ever, no point is lost or made', async () => {
  const names = ['k1', 'k2', 'k3', 'k4'];
  await buy(...names.slice(0, 3).map((name): Parameters<typeof purchase> => [name, `${name}-1`, 10_000]));
  const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const));
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => pairs)
      .flat()
      .map(([from, to], i) => give(from, to, 1 + (i % 13))),
  );
  expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(
    new Set([201, 422].filter((s) => answers.some(({ statusCode }) => statusCode === s))),
  );
  const balances = await Promise.all(names.map((name) => ledger.balance(name)));
  expect(balances.reduce((sum, { active }) => sum + active, 0)).toBe(300);
  await ledger.verify();
});

test('both accounts are locked, and made, in the order of their ids: who waits for the first does not hold the second', async () => {
  // The later id is there before, so that rows lie the other way round.
  await buy(['zoe', 'zoe-1', 1_000]);
  await buy(['abe', 'abe-1', 1_000]);
  const holding = (
    lock: (tx: Tx, customerId: string) => Promise<unknown>,
    [first, second]: readonly [string, string],
  ) =>
    ledger.sql('ledger').begin(async (tx) => {
      await lock(tx as unknown as Tx, first);
      const answer = give(second, first, 1);
      await untilWaiting(ledger);
      await lock(tx as unknown as Tx, second);
      return { answer };
    });
  const locked = await holding(
    (tx, id) => tx`select from balance where customer_id = ${id} for update`,
    ['abe', 'zoe'],
  );
  expect((await locked.answer).statusCode).toBe(201);
  const made = await holding((tx, id) => tx`insert into balance (customer_id) values (${id})`, ['new-1', 'new-2']);
  expect((await made.answer).json()).toMatchObject({ code: 'ledger.insufficient_points' });
});

test('gifts and mergers of the same customers at once: every point is somewhere, once', async () => {
  const names = ['m1', 'm2', 'm3', 'm4'];
  await buy(...names.map((name): Parameters<typeof purchase> => [name, `${name}-1`, 5_000]));
  const merge = (customerId: string, intoCustomerId: string) =>
    event(CustomerMerged, { id: newId(), source: '/test', time: T0 }, { customerId, intoCustomerId });
  const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const));
  const [answers] = await Promise.all([
    Promise.all([...pairs, ...pairs].map(([from, to], i) => give(from, to, 1 + (i % 7)))),
    ledger.publish([merge('m1', 'm2'), merge('m4', 'm3')]),
  ]);
  await ledger.settle();
  const allowed = [201, 409, 422, 503];
  expect(answers.filter(({ statusCode }) => !allowed.includes(statusCode)).map(({ body }) => body)).toEqual([]);
  const left = await Promise.all(['m2', 'm3'].map((name) => ledger.balance(name)));
  expect(left.reduce((sum, { active }) => sum + active, 0)).toBe(200);
  await ledger.verify();
});

test('a gift stays with who got it when the giver is erased', async () => {
  await buy(['lee', 'lee-1', 1_000]);
  await give('lee', 'mia', 4);
  await ledger.send(event(CustomerErased, { id: newId(), source: '/test', time: T0 }, { customerId: 'lee' }));
  expect(await ledger.balance('mia')).toMatchObject({ active: 4 });
  // What was said of it is forgotten with either of the two.
  const [entry] = (await ledger.call('GET', '/v1/customers/mia/statement')).json().entries;
  expect(entry).toMatchObject({ kind: 'transfer_in', points: 4 });
  expect(entry.reason).not.toBe('a gift');
});

test('halves of characters are no ids: all of them would be kept as one', async () => {
  const half = 'half \ud800';
  for (const [url, body, path] of [
    ['/v1/customers/ann/transfers', { toCustomerId: half, points: 1, reason: 'a gift' }, '/toCustomerId'],
    ['/v1/customers/ann/grants', { grantId: half, points: 1, reason: 'late' }, '/grantId'],
    ['/v1/customers/ann/reservations', { points: 1, orderId: half }, '/orderId'],
    ['/v1/customers/ann/points-payments', { currency: 'EUR', amountMinor: 1, orderId: half }, '/orderId'],
    ['/v1/coupons/redemptions', { orderId: half, currency: 'EUR', totalMinor: 1, codes: ['ABCD'] }, '/orderId'],
    ['/v1/coupons/validate', { customerId: half, currency: 'EUR', totalMinor: 1, codes: ['ABCD'] }, '/customerId'],
  ] as const) {
    const answer = await ledger.call('POST', url, body);
    expect(answer.json(), url).toMatchObject({ status: 400, problems: [{ path }] });
  }
});
