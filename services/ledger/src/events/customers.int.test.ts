import { CustomerErased, CustomerMerged, event, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({ expiresAfterDays: 365 });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const merged = (customerId: string, intoCustomerId: string) =>
  event(CustomerMerged, { id: newId(), source: '/test', time: T0 }, { customerId, intoCustomerId });
const erased = (customerId: string) =>
  event(CustomerErased, { id: newId(), source: '/test', time: T0 }, { customerId });
const statement = async (customerId: string) =>
  (await ledger.call('GET', `/v1/customers/${customerId}/statement`)).json().entries as {
    kind: string;
    points: number;
  }[];

test('merged: points, lots, reservations and orders go to the one that lives on, later events too', async () => {
  await ledger.send(purchase('old', 'old-1', 3_000), purchase('new', 'new-1', 1_000));
  const held = await ledger.call('POST', '/v1/customers/old/reservations', { points: 5 });
  await ledger.send(merged('old', 'new'), merged('old', 'new'));
  const expected = { customerId: 'new', active: 35, reserved: 5, negative: 0, nextExpiration: { points: 35 } };
  expect(await ledger.balance('new')).toMatchObject(expected);
  expect(await ledger.balance('old')).toMatchObject(expected);
  expect((await statement('old')).map(({ kind, points }) => [kind, points])).toEqual([
    ['transfer_out', -30],
    ['earn', 30],
  ]);
  expect((await statement('new'))[0]).toMatchObject({ kind: 'transfer_in', points: 30, balanceAfter: 40 });

  await ledger.send(
    purchase('old', 'old-2', 700),
    purchase('old', 'old-1', 3_000),
    refund('old', 'old-r1', { scope: 'amount', orderId: 'old-1', amountMinor: 1_000 }),
    refund('new', 'new-r1', { scope: 'amount', orderId: 'old-1', amountMinor: 500 }),
  );
  expect(await ledger.balance('new')).toMatchObject({ active: 35 + 7 - 10 - 5, reserved: 5 });
  const captured = await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`);
  expect(captured.json()).toMatchObject({ balance: { active: 27, reserved: 0, spent: 5 } });
  const another = await ledger.call('POST', '/v1/customers/old/reservations', { points: 27 });
  expect(another.statusCode).toBe(201);
  expect(await ledger.deadLetters('ledger')).toEqual([]);
});

test('merged: what was past its time of either is told before, though no sweep had been by', async () => {
  const activation = { kind: 'after', amount: 20, unit: 'days' };
  const put = (more: object) => ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...more });
  expect((await put({ expiresAfterDays: 10 })).statusCode).toBe(200);
  await ledger.send(purchase('roy', 'roy-1', 2_000));
  expect((await put({ expiresAfterDays: 365, activation })).statusCode).toBe(200);
  await ledger.send(purchase('sue', 'sue-1', 3_000));
  const told = (await ledger.events(Topics.points)).length;
  ledger.clock.advance({ hours: 24 * 30 });
  // The sweeps come when nothing else is left to do.
  await ledger.send(merged('roy', 'sue'));
  const since = (await ledger.events(Topics.points)).slice(told);
  const of = (customerId: string) => since.filter(({ subject }) => subject === customerId);
  expect(of('roy')).toMatchObject([{ type: 'points.expired', data: { points: 20, balanceAfter: 0 } }]);
  expect(of('sue')).toMatchObject([{ type: 'points.activated', data: { points: 30, balanceAfter: 30 } }]);
  expect(await ledger.balance('roy')).toMatchObject({ customerId: 'sue', active: 30, expired: 20 });
  expect((await put({ expiresAfterDays: 365 })).statusCode).toBe(200);
});

test('merged: what both had earned, spent and lost counts on, also what comes back of it', async () => {
  const returns = { policy: 'allow_negative', spentPoints: 'all' };
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, expiresAfterDays: 365, returns })).statusCode).toBe(
    200,
  );
  const spend = async (customerId: string, points: number, orderId: string) => {
    const held = await ledger.call('POST', `/v1/customers/${customerId}/reservations`, { points, orderId });
    return (await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`)).json();
  };
  await ledger.send(purchase('tia', 'tia-1', 10_000), purchase('uma', 'uma-1', 5_000), purchase('viv', 'viv-1', 2_000));
  await spend('tia', 60, 'tia-2');
  await spend('uma', 10, 'uma-2');
  await ledger.send(purchase('tia', 'tia-2', 1_000));
  await ledger.send(merged('tia', 'uma'));
  expect(await ledger.balance('uma')).toMatchObject({ active: 90, earned: 160, spent: 70 });
  await ledger.send(merged('uma', 'viv'));
  expect(await ledger.balance('viv')).toMatchObject({ active: 110, earned: 180, spent: 70 });
  await ledger.send(refund('tia', 'tia-r', { scope: 'whole', orderId: 'tia-2' }));
  expect(await ledger.balance('tia')).toMatchObject({ customerId: 'viv', active: 160, earned: 180, spent: 10 });
  expect((await spend('viv', 5, 'viv-2')).balance).toMatchObject({ active: 155, earned: 180, spent: 15 });
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, expiresAfterDays: 365 })).statusCode).toBe(200);
});

test('merged: a deficit is paid off by the points of the other, whichever side owes', async () => {
  for (const [from, into] of [
    ['rich', 'poor'],
    ['poor2', 'rich2'],
  ] as const) {
    const [rich, poor] = from.startsWith('rich') ? [from, into] : [into, from];
    await ledger.send(purchase(rich, `${rich}-1`, 3_000), purchase(poor, `${poor}-1`, 2_000));
    const held = await ledger.call('POST', `/v1/customers/${poor}/reservations`, { points: 20 });
    await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`);
    await ledger.send(refund(poor, `${poor}-r`, { scope: 'whole', orderId: `${poor}-1` }));
    expect(await ledger.balance(poor)).toMatchObject({ active: 0, negative: 20 });
    await ledger.send(merged(from, into));
    expect(await ledger.balance(into)).toMatchObject({ active: 10, negative: 0 });
    await ledger.verify();
  }
});

test('merged: chains end at the last, circles and second thoughts change nothing', async () => {
  await ledger.send(purchase('a', 'a-1', 100), purchase('b', 'b-1', 200), purchase('c', 'c-1', 300));
  await ledger.send(merged('a', 'b'));
  await ledger.send(merged('b', 'c'));
  await ledger.send(merged('c', 'a'));
  expect(await ledger.balance('a')).toMatchObject({ customerId: 'c', active: 6 });
  await ledger.send(purchase('a', 'a-2', 400));
  expect(await ledger.balance('c')).toMatchObject({ active: 10 });
  await ledger.send(merged('a', 'elsewhere'));
  const letters = (await ledger.deadLetters('ledger')).filter(({ key }) => key === 'a');
  expect(letters.map(({ errorCode }) => errorCode)).toEqual(['ledger.merged_elsewhere']);
});

test('erased: points are forfeited, entries stay but belong to nobody, and it can begin anew', async () => {
  const sql = ledger.sql('ledger');
  await ledger.send(purchase('gone', 'gone-1', 3_000), purchase('alias', 'alias-1', 100));
  await ledger.send(merged('alias', 'gone'));
  await ledger.call('POST', '/v1/customers/gone/adjustments', { points: 2, reason: 'called on the phone' });
  await ledger.call('POST', '/v1/customers/gone/reservations', { points: 5 });
  await ledger.settle();
  const before = (await ledger.call('GET', '/v1/ledger/totals')).json();
  const eventsBefore = (await ledger.events(Topics.points)).length;
  await ledger.send(erased('gone'), erased('gone'));

  expect(await ledger.balance('gone')).toMatchObject({ customerId: 'gone', active: 0, reserved: 0, earned: 0 });
  for (const name of ['gone', 'alias']) expect(await statement(name)).toEqual([]);
  for (const table of ['transfer', 'balance', 'lot', 'purchase', 'refund', 'reservation'])
    expect(await sql`select 1 from ${sql(table)} t where t::text ~ '\\m(gone|alias|phone)\\M'`).toHaveLength(
      table === 'transfer' || table === 'purchase' ? 2 : 0,
    );
  const after = (await ledger.call('GET', '/v1/ledger/totals')).json();
  expect(after.points).toMatchObject({
    issued: before.points.issued,
    outstanding: before.points.outstanding - 33,
    forfeited: before.points.forfeited + 33,
    sumOfAllEntries: 0,
  });
  expect(await ledger.events(Topics.points)).toHaveLength(eventsBefore);

  // The order is known still: it doesn't earn again. Its refund has nobody to take from. What is bought later counts.
  await ledger.send(
    purchase('gone', 'gone-1', 3_000),
    refund('gone', 'gone-r1', { scope: 'whole', orderId: 'gone-1' }),
    purchase('gone', 'gone-2', 1_000, { time: '2026-11-21T08:00:01Z' }),
  );
  expect(await ledger.balance('gone')).toMatchObject({ active: 10, earned: 10, negative: 0 });
  const [row] = await sql`select status, note from refund where refund_id = 'gone-r1'`;
  expect(row).toEqual({ status: 'void', note: 'customer_erased' });
});

test('erased: what was owed is written off; somebody unknown leaves no trace', async () => {
  await ledger.send(purchase('owing', 'owing-1', 1_000));
  const held = await ledger.call('POST', '/v1/customers/owing/reservations', { points: 10 });
  await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`);
  await ledger.send(refund('owing', 'owing-r', { scope: 'whole', orderId: 'owing-1' }));
  const before = (await ledger.call('GET', '/v1/ledger/totals')).json();
  const [rows] = await ledger.sql('ledger')`select count(*) as n from balance`;
  await ledger.send(erased('owing'), erased('never-seen'));
  const after = (await ledger.call('GET', '/v1/ledger/totals')).json();
  expect(after.points).toMatchObject({
    negative: before.points.negative - 10,
    forfeited: before.points.forfeited - 10,
  });
  expect(await ledger.sql('ledger')`select count(*) as n from balance`).toEqual([rows]);
});
