import {
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  event,
  InteractionRecorded,
  LifecycleChanged,
  SegmentEntered,
  Topics,
} from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { REWARD } from '../test/redemption.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { forgetCustomer } from '../use-cases/forget-customer.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({ onErase: 'keep', expiresAfterDays: 10, returnPolicy: 'allow_negative' });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const erased = (customerId: string) =>
  event(CustomerErased, { id: newId(), source: '/test', time: T0 }, { customerId });
/** Bought just now. */
const buy = (customerId: string, orderId: string, totalMinor: number) =>
  purchase(customerId, orderId, totalMinor, { time: ledger.clock.now().toString() });
const totals = async () => (await ledger.call('GET', '/v1/ledger/totals')).json().points;

test('kept: points stay under a name of nobody, come back from reservations, and expire in their time', async () => {
  await ledger.send(purchase('gone', 'gone-1', 3_000), purchase('stays', 'stays-1', 1_000));
  await ledger.call('POST', '/v1/customers/gone/reservations', { points: 12 });
  const before = await totals();
  await ledger.send(erased('gone'), erased('gone'));
  expect(await totals()).toMatchObject({
    outstanding: before.outstanding,
    active: before.active + 12,
    reserved: before.reserved - 12,
    forfeited: 0,
  });
  expect(await ledger.balance('gone')).toMatchObject({ active: 0, reserved: 0, earned: 0 });
  const [row] = await ledger.sql('ledger')`select customer_id, active from balance where customer_id like 'erased:%'`;
  expect(row).toMatchObject({ active: 30 });
  expect(await ledger.balance(row?.customer_id)).toMatchObject({ active: 30 });

  const told = (await ledger.events(Topics.points)).length;
  ledger.clock.set(Temporal.Instant.from('2026-12-05T10:00:00Z'));
  await ledger.settle();
  expect(await totals()).toMatchObject({ outstanding: 0, expired: 40 });
  const later = (await ledger.events(Topics.points)).slice(told);
  // Nobody is told of points of nobody.
  expect(later.map(({ subject, type }) => [subject, type])).toEqual([['stays', 'points.expired']]);
});

test('kept: nobody is told that points of nobody will expire', async () => {
  const put = (more: object) =>
    ledger.call('PUT', '/v1/programme', { ...PROGRAMME, onErase: 'keep', expiresAfterDays: 10, ...more });
  expect((await put({ expiringSoonDays: 3 })).statusCode).toBe(200);
  await ledger.send(buy('quiet', 'quiet-1', 2_000), buy('heard', 'heard-1', 1_000));
  await ledger.send(erased('quiet'));
  const told = (await ledger.events(Topics.points)).length;
  ledger.clock.advance({ days: 8 });
  await ledger.settle();
  const later = (await ledger.events(Topics.points)).slice(told);
  expect(later.map(({ subject, type }) => [subject, type])).toEqual([['heard', 'points.expiring_soon']]);
  expect((await put({})).statusCode).toBe(200);
  ledger.clock.advance({ days: 3 });
  await ledger.settle();
});

test('kept: points of nobody are neither spent nor added to under their name, but may be taken away', async () => {
  const value = { currency: 'EUR', minor: 1, perPoints: 1 };
  const programme = { ...PROGRAMME, onErase: 'keep', expiresAfterDays: 10, returnPolicy: 'allow_negative' };
  const put = (more: object) => ledger.call('PUT', '/v1/programme', { ...programme, ...more });
  expect((await put({ pointValues: [value], approvalAbovePoints: 50 })).statusCode).toBe(200);
  await ledger.send(buy('left', 'left-1', 2_000));
  await ledger.send(erased('left'));
  const [entry] = await ledger.sql('ledger')`select customer_id from purchase where order_id = 'left-1'`;
  const nobody = `/v1/customers/${entry?.customer_id}`;
  const { rewardId } = (await ledger.call('POST', '/v1/rewards', REWARD)).json();
  await ledger.call('POST', `/v1/rewards/${rewardId}/activate`);
  const asked: [string, object][] = [
    ['reservations', { points: 5 }],
    ['points-payments', { currency: 'EUR', amountMinor: 5 }],
    [`rewards/${rewardId}/claims`, {}],
    ['grants', { grantId: 'left', points: 5, reason: 'test' }],
    ['adjustments', { points: 5, reason: 'test' }],
    ['adjustments', { points: 51, reason: 'test' }],
    ['transfers', { toCustomerId: 'heir', points: 5, reason: 'test' }],
  ];
  for (const [what, body] of asked) {
    const answer = await ledger.call('POST', `${nobody}/${what}`, body);
    expect([what, answer.statusCode, answer.json().code]).toEqual([what, 422, 'ledger.customer_erased']);
  }
  const taken = await ledger.call('POST', `${nobody}/adjustments`, { points: -20, reason: 'written off' });
  expect(taken.json()).toMatchObject({ balance: { active: 0 } });
  expect((await put({})).statusCode).toBe(200);
});

test('kept: what is pending becomes spendable, and expires, in its time; for nobody', async () => {
  await ledger.call('PUT', '/v1/programme', {
    ...{ ...PROGRAMME, onErase: 'keep', expiresAfterDays: 10, activation: { kind: 'after', amount: 2, unit: 'days' } },
  });
  await ledger.send(buy('waits', 'waits-1', 2_000));
  const before = await totals();
  await ledger.send(erased('waits'));
  expect(await totals()).toMatchObject({ outstanding: before.outstanding, pending: 20, forfeited: 0 });
  const told = (await ledger.events(Topics.points)).length;
  ledger.clock.advance({ days: 3 });
  await ledger.settle();
  expect(await totals()).toMatchObject({ outstanding: before.outstanding, pending: 0, active: before.active + 20 });
  ledger.clock.advance({ days: 20 });
  await ledger.settle();
  expect(await totals()).toMatchObject({ outstanding: 0, active: 0, pending: 0 });
  expect(await ledger.events(Topics.points)).toHaveLength(told);
});

test('forfeited: what is pending and held goes with the rest', async () => {
  await ledger.call('PUT', '/v1/programme', {
    ...{ ...PROGRAMME, onErase: 'forfeit', activation: { kind: 'after', amount: 2, unit: 'days' } },
  });
  await ledger.call('POST', '/v1/customers/mixed/adjustments', { points: 9, reason: 'x' });
  await ledger.call('POST', '/v1/customers/mixed/reservations', { points: 4 });
  await ledger.send(buy('mixed', 'mixed-1', 2_000));
  expect(await ledger.balance('mixed')).toMatchObject({ active: 5, reserved: 4, pending: 20 });
  const before = await totals();
  await ledger.send(erased('mixed'));
  expect(await totals()).toMatchObject({
    ...{ outstanding: before.outstanding - 29, active: before.active - 5, reserved: 0, pending: 0 },
    forfeited: before.forfeited + 29,
  });
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, onErase: 'keep', expiresAfterDays: 10 });
});

test('forfeited: what awaited something waits for nothing any more', async () => {
  const activation = { kind: 'on_event', interactionType: 'parcel.kept', cancelAfterDays: 14 };
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, onErase: 'forfeit', activation });
  await ledger.send(buy('awaits', 'awaits-1', 2_000));
  const lot = async () => (await ledger.call('GET', '/v1/orders/awaits-1/earnings')).json().earnings[0].lot;
  expect(await lot()).toMatchObject({ pending: 20, awaits: 'parcel.kept', pendingUntil: expect.any(String) });
  await ledger.send(erased('awaits'));
  const told = await lot();
  expect(told).toMatchObject({ pending: 0, remaining: 0, pendingUntil: null });
  expect(told).not.toHaveProperty('awaits');
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, onErase: 'keep', expiresAfterDays: 10 });
});

test('once a customer is forgotten, the same transaction can change no entry', async () => {
  await ledger.send(buy('closed', 'closed-1', 1_000));
  const now = ledger.clock.now();
  const work = ledger.sql('ledger').begin(async (tx) => {
    const deps = { currentRules: createCurrentRules() };
    await forgetCustomer(tx, { customerId: 'closed', occurredAt: now.toString() }, 'c0', now, deps);
    await tx`update transfer set customer_id = 'erased:x', reason = null where order_id = 'closed-1'`;
  });
  await expect(work).rejects.toMatchObject({ code: '23001' });
});

test('kept: what is owed is written off all the same, and a late refund takes nothing', async () => {
  await ledger.send(buy('owing', 'owing-1', 1_000));
  const held = await ledger.call('POST', '/v1/customers/owing/reservations', { points: 10 });
  await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`);
  await ledger.send(
    refund('owing', 'owing-r', { scope: 'whole', orderId: 'owing-1', time: ledger.clock.now().toString() }),
  );
  const before = await totals();
  await ledger.send(erased('owing'));
  expect(await totals()).toMatchObject({ negative: before.negative - 10, forfeited: before.forfeited - 10 });
  await ledger.send(buy('rich', 'rich-1', 2_000));
  await ledger.send(erased('rich'));
  const kept = await totals();
  await ledger.send(
    refund('rich', 'rich-r', { scope: 'whole', orderId: 'rich-1', time: ledger.clock.now().toString() }),
  );
  expect(await totals()).toEqual(kept);
});

test('kept: what refunds were to take of held points is let go with the reservations', async () => {
  const put = (more: object) => ledger.call('PUT', '/v1/programme', { ...PROGRAMME, expiresAfterDays: 10, ...more });
  expect((await put({ onErase: 'keep', returnPolicy: 'within_balance' })).statusCode).toBe(200);
  await ledger.send(buy('claimed', 'claimed-1', 3_000));
  for (const points of [10, 15]) await ledger.call('POST', '/v1/customers/claimed/reservations', { points });
  await ledger.send(
    refund('claimed', 'claimed-r', { scope: 'whole', orderId: 'claimed-1', time: ledger.clock.now().toString() }),
  );
  const heldBy = () => ledger.sql('ledger')`select held -> 0 as by from refund where held is not null`;
  expect(await heldBy()).toMatchObject([{ by: [expect.any(String), expect.any(String)] }]);
  await ledger.send(erased('claimed'));
  expect(await heldBy()).toEqual([]);
  expect(
    await ledger.sql('ledger')`select active, reserved from balance
      where customer_id = (select customer_id from purchase where order_id = 'claimed-1')`,
  ).toEqual([{ active: 25, reserved: 0 }]);
  expect((await put({ onErase: 'keep' })).statusCode).toBe(200);
});

test('the policy in force when the customer is erased decides', async () => {
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, onErase: 'forfeit' });
  await ledger.send(buy('later', 'later-1', 2_500));
  const before = await totals();
  await ledger.send(erased('later'));
  expect(await totals()).toMatchObject({
    outstanding: before.outstanding - 25,
    forfeited: before.forfeited + 25,
  });
});

test('what happened before an erasure and comes late makes nothing known anew; what happens after it does', async () => {
  const sql = ledger.sql('ledger');
  const rule = (id: string, trigger: object) => ({
    ...{ id, name: id, order: 1, trigger },
    effect: { kind: 'fixed', points: 5 },
  });
  const rules = [
    rule('vip', { on: 'segment_entered', segmentId: 'vip' }),
    rule('review', { on: 'interaction', interactionType: 'review.written' }),
  ];
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules })).statusCode).toBe(200);
  const at = (time: string) => ({ id: newId(), source: '/test', time });
  const told = (customerId: string, time: string) => [
    event(CustomerUpdated, at(time), { customerId, attributes: { size: 'm' }, birthDate: '1990-05-05' }),
    event(SegmentEntered, at(time), { customerId, segmentId: 'vip', reason: 'test' }),
    event(LifecycleChanged, at(time), { customerId, from: 'active', to: 'at_risk', reason: 'test', orders: 2 }),
    event(InteractionRecorded, at(time), { customerId, interactionType: 'review.written' }),
  ];
  const known = () =>
    sql`select customer_id as "customerId", segments, lifecycle, attributes from customer_profile
      where customer_id in ('private', 'other')`;
  const erasure = '2026-11-20T08:00:00.500Z';

  await ledger.send(
    ...told('private', T0),
    event(CustomerMerged, at(T0), { customerId: 'other', intoCustomerId: 'private' }),
  );
  expect(await known()).toHaveLength(1);
  await ledger.send(event(CustomerErased, at(erasure), { customerId: 'private' }));
  expect(await known()).toEqual([]);

  await ledger.send(...told('private', erasure), ...told('other', '2026-11-01T08:00:00Z'));
  expect(await known()).toEqual([]);
  expect(await sql`select 1 from balance where customer_id in ('private', 'other')`).toEqual([]);

  await ledger.send(...told('private', '2026-11-20T08:00:00.501Z'));
  expect(await known()).toEqual([
    { customerId: 'private', segments: ['vip'], lifecycle: 'at_risk', attributes: { size: 'm' } },
  ]);
  expect(await ledger.balance('private')).toMatchObject({ active: 10 });
});

test('who was merged and then erased leaves its lots to the other, who takes them along when merged and erased in turn', async () => {
  const merged = (customerId: string, intoCustomerId: string) =>
    event(CustomerMerged, { id: newId(), source: '/test', time: ledger.clock.now() }, { customerId, intoCustomerId });
  const owners = async () =>
    (
      await ledger.sql('ledger')<{ owner: string }[]>`select distinct lot.customer_id as owner from lot
        join transfer using (id) where order_id in ('first-1', 'second-1', 'third-1') order by 1`
    ).map(({ owner }) => owner);
  const forgotten = (customerId: string) =>
    event(CustomerErased, { id: newId(), source: '/test', time: ledger.clock.now() }, { customerId });
  await ledger.send(buy('first', 'first-1', 1_000), buy('second', 'second-1', 2_000), buy('third', 'third-1', 3_000));
  await ledger.send(merged('first', 'second'));
  await ledger.send(forgotten('first'));
  expect(await owners()).toEqual(['second', 'third']);
  const nameOf = async () =>
    (await ledger.sql('ledger')`select customer_id from transfer where order_id = 'first-1'`)[0]?.customer_id;
  const nobody = await nameOf();
  expect(nobody).toMatch(/^erased:/);
  const { lots } = (await ledger.call('GET', '/v1/customers/second/lots?state=all')).json();
  expect(lots).toHaveLength(2);
  await ledger.send(merged('second', 'third'));
  expect(await owners()).toEqual(['third']);
  await ledger.send(forgotten('third'));
  expect(await owners()).toEqual([expect.stringMatching(/^erased:/)]);
  // Who is nobody already is given no other name.
  expect(await nameOf()).toBe(nobody);
  const named = await ledger.sql('ledger')`select from balance
    where customer_id in ('first', 'second', 'third') or merged_into in ('first', 'second', 'third')`;
  expect(named).toHaveLength(0);
});

test('forfeited is what could still be spent; what had expired is told so, though no sweep had been by', async () => {
  const put = (more: object) => ledger.call('PUT', '/v1/programme', { ...PROGRAMME, expiresAfterDays: 10, ...more });
  expect((await put({ onErase: 'forfeit' })).statusCode).toBe(200);
  await ledger.send(buy('late', 'late-1', 3_000));
  ledger.clock.advance({ hours: 24 * 5 });
  await ledger.send(buy('late', 'late-2', 1_000));
  ledger.clock.advance({ hours: 24 * 6 });
  // At once, so that no sweep comes by before.
  await ledger.sql('ledger').begin((tx) => {
    const now = ledger.clock.now();
    const deps = { currentRules: createCurrentRules() };
    return forgetCustomer(tx, { customerId: 'late', occurredAt: now.toString() }, 'c0', now, deps);
  });
  await ledger.settle();
  const left = await ledger.sql('ledger')`select kind, amount from transfer
    where customer_id = (select customer_id from purchase where order_id = 'late-1') and kind <> 'earn' order by seq`;
  expect(left).toMatchObject([
    { kind: 'expire', amount: 30 },
    { kind: 'forfeit', amount: 10 },
  ]);
  expect((await put({ onErase: 'keep' })).statusCode).toBe(200);
});
