import type { Tx } from '@vafa/bus';
import { CustomerUpdated, event } from '@vafa/contracts';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { enter, interaction } from '../test/club-rules.fixture.ts';
import { purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { customerMerged } from '../test/redemption.fixture.ts';
import { untilWaiting } from '../test/until-waiting.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { forgetCustomer } from '../use-cases/forget-customer.ts';
import { mergeCustomers } from '../use-cases/merge-customers.ts';

let ledger: LedgerHarness;

const [before, erasure, after] = ['2027-02-01T08:00:00Z', '2027-02-02T08:00:00Z', '2027-02-03T08:00:00Z'];

beforeAll(async () => {
  const signup = {
    ...{ id: 'signup', name: 'Signup', order: 1, trigger: { on: 'interaction', interactionType: 'signup' } as const },
    effect: { kind: 'fixed', points: 50 } as const,
  };
  ledger = await startLedger({ rules: [signup] }, { now: after });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

/** Lets a customer leave in a transaction that ends when what is done meanwhile waits for it. */
const whileLeaving = async <Result>(leave: (tx: Tx) => Promise<void>, work: () => Promise<Result>): Promise<Result> => {
  let working: Promise<Result> | undefined;
  await ledger.sql('ledger').begin(async (tx) => {
    await leave(tx as unknown as Tx);
    working = work();
    await untilWaiting(ledger);
  });
  const result = await (working as Promise<Result>);
  await ledger.settle();
  return result;
};
const currentRules = createCurrentRules();
const whileErased = <Result>(customerId: string, work: () => Promise<Result>): Promise<Result> =>
  whileLeaving((tx) => {
    const forget = { customerId, occurredAt: erasure };
    return forgetCustomer(tx, forget, 'c0', ledger.clock.now(), { currentRules });
  }, work);
const whileMerged = <Result>(customerId: string, into: string, work: () => Promise<Result>): Promise<Result> =>
  whileLeaving((tx) => {
    const merge = { customerId, intoCustomerId: into, occurredAt: after };
    const refunds = { lookBackPurchases: 10, openDays: 1 };
    return mergeCustomers(tx, merge, 'c0', ledger.clock.now(), { currentRules, refunds });
  }, work);

const known = (customerId: string) => ledger.sql('ledger')`select seq from balance where customer_id = ${customerId}`;

test('an order from before an erasure that is booked at the same moment is kept for nobody', async () => {
  await ledger.send(purchase('ann', 'ann-1', 1_000, { time: before }));
  await whileErased('ann', () => ledger.publish([purchase('ann', 'ann-2', 1_000, { time: before })]));
  expect(await known('ann')).toEqual([]);
  expect(
    await ledger.sql('ledger')`select left(customer_id, 7) as of, note from purchase where order_id = 'ann-2'`,
  ).toEqual([{ of: 'erased:', note: 'customer_erased' }]);
});

test('an order of somebody merged into who is erased at that moment is not known under the name of the erased', async () => {
  await ledger.send(purchase('bob', 'bob-1', 1_000, { time: before }), customerMerged('bea', 'bob'));
  await whileErased('bob', () => ledger.publish([purchase('bea', 'bea-1', 1_000, { time: after })]));
  expect(await known('bob')).toEqual([]);
  expect(await ledger.balance('bea')).toMatchObject({ active: 10 });
});

test('what was done before an erasure and is told at the same moment earns nothing', async () => {
  await ledger.send(purchase('cat', 'cat-1', 1_000, { time: before }));
  await whileErased('cat', () => ledger.publish([interaction('cat', 'signup', before)]));
  expect(await known('cat')).toEqual([]);
});

test('segments that are told of at the moment of an erasure are not kept, were there some before or not', async () => {
  await ledger.send(enter('flo', 'vip'));
  const profile = (customerId: string) =>
    ledger.sql('ledger')`select segments from customer_profile where customer_id = ${customerId}`;
  expect(await profile('flo')).toEqual([{ segments: ['vip'] }]);
  for (const customerId of ['flo', 'guy']) {
    await whileErased(customerId, () => ledger.publish([enter(customerId, 'big')]));
    expect(await profile(customerId), customerId).toEqual([]);
    expect(await known(customerId), customerId).toEqual([]);
  }
});

test('what is told of somebody merged into who is erased at that moment is known of nobody', async () => {
  await ledger.send(purchase('lew', 'lew-1', 1_000, { time: before }), customerMerged('lou', 'lew'));
  const told = event(
    CustomerUpdated,
    { id: 'lou-told', source: '/test', time: before },
    { customerId: 'lou', attributes: { size: 'm' } },
  );
  await whileErased('lew', () => ledger.publish([told]));
  const kept = await ledger.sql('ledger')`select from customer_profile where customer_id in ('lew', 'lou')`;
  expect(kept).toEqual([]);
});

test('a correction for somebody merged into who is erased at that moment is asked for again', async () => {
  await ledger.send(purchase('hal', 'hal-1', 1_000, { time: before }), customerMerged('ham', 'hal'));
  const correct = () => ledger.call('POST', '/v1/customers/ham/adjustments', { points: 5, reason: 'x' });
  const answer = await whileErased('hal', correct);
  expect(answer.json()).toMatchObject({ status: 503, code: 'ledger.customer_changed_meanwhile' });
  expect(await known('hal')).toEqual([]);
});

test('a merge into who is erased at that moment is let go, had she an account or not', async () => {
  await ledger.send(
    purchase('ian', 'ian-1', 1_000, { time: before }),
    purchase('joy', 'joy-1', 1_000, { time: before }),
  );
  for (const customerId of ['joy', 'kay']) {
    await whileErased(customerId, () => ledger.publish([customerMerged('ian', customerId)]));
    expect(await known(customerId), customerId).toEqual([]);
    expect(await ledger.balance('ian'), customerId).toMatchObject({ active: 10 });
  }
  expect(await ledger.deadLetters('ledger')).toEqual([]);
});

test('a gift to who is erased at that moment is asked for again', async () => {
  await ledger.send(
    purchase('dan', 'dan-1', 1_000, { time: before }),
    purchase('eve', 'eve-1', 1_000, { time: before }),
  );
  const give = (to: string) =>
    ledger.call('POST', '/v1/customers/dan/transfers', { toCustomerId: to, points: 1, reason: 'x' });
  const answer = await whileErased('eve', () => give('eve'));
  expect(answer.json()).toMatchObject({ status: 503, code: 'ledger.customer_changed_meanwhile' });
  expect(await known('eve')).toEqual([]);
});

test('what is given to somebody who is merged at that moment is asked for again, or booked for who lives on', async () => {
  const buy = (customerId: string, orderId: string) => purchase(customerId, orderId, 1_000, { time: after });
  await ledger.send(buy('ned', 'ned-1'), buy('nan', 'nan-1'), buy('oli', 'oli-1'));
  const correct = () => ledger.call('POST', '/v1/customers/ned/adjustments', { points: 5, reason: 'x' });
  const answer = await whileMerged('ned', 'nan', correct);
  expect(answer.json()).toMatchObject({ status: 503, code: 'ledger.customer_changed_meanwhile' });
  expect((await correct()).json()).toMatchObject({ balance: { active: 25 } });
  await whileMerged('oli', 'nan', () => ledger.publish([buy('oli', 'oli-2')]));
  expect(await ledger.balance('oli')).toMatchObject({ customerId: 'nan', active: 45 });
  const left = await ledger.sql('ledger')`select customer_id from balance where merged_into is not null and active > 0`;
  expect(left).toEqual([]);
});

test('a purchase of somebody who comes to owe something at that moment pays it off', async () => {
  const buy = (customerId: string, orderId: string, totalMinor: number) =>
    purchase(customerId, orderId, totalMinor, { time: after });
  await ledger.send(buy('pam', 'pam-1', 1_000), buy('pat', 'pat-1', 100));
  const held = (await ledger.call('POST', '/v1/customers/pam/reservations', { points: 10 })).json();
  await ledger.call('POST', `/v1/reservations/${held.reservationId}/capture`);
  await ledger.send(refund('pam', 'pam-r', { scope: 'whole', orderId: 'pam-1', time: after }));
  await whileMerged('pam', 'pat', () => ledger.publish([buy('pat', 'pat-2', 2_500)]));
  expect(await ledger.balance('pat')).toMatchObject({ active: 16, negative: 0 });
});

test('an account that another made, and that was renamed before it could be locked, is asked for again', async () => {
  // As it is then: the name is taken when it is to be made, and nobody's when it is to be locked.
  await ledger.admin.unsafe(`
    create function ledger.is_taken() returns trigger language plpgsql as 'begin return null; end';
    create trigger is_taken before insert on ledger.balance for each row execute function ledger.is_taken()`);
  onTestFinished(async () => {
    await ledger.admin.unsafe('drop function ledger.is_taken cascade');
  });
  const answer = await ledger.call('POST', '/v1/customers/quinn/adjustments', { points: 5, reason: 'x' });
  expect(answer.json()).toMatchObject({ status: 503, code: 'ledger.customer_changed_meanwhile' });
});
