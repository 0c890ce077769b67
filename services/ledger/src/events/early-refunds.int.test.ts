import { prepareAndHandle, type Subscription } from '@vafa/bus';
import { CustomerErased, CustomerMerged, event, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { findStandings } from '../use-cases/find-standings.ts';
import { recordPurchases } from '../use-cases/record-purchases.ts';
import { subscriptions } from './subscriptions.ts';

/** Refunds that name no order and are told before the purchase that they are about. */

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

/** So many hours before now. */
const ago = (hours: number): string => ledger.clock.now().subtract({ hours }).toString();
const amount = (who: string, id: string, amountMinor: number, hours = 1, currency = 'EUR') =>
  refund(who, `${who}-${id}`, { scope: 'amount', amountMinor, currency, time: ago(hours) });
const line = (sku: string, quantity: number, amountMinor: number) => ({ sku, quantity, amountMinor });
const lines = (who: string, id: string, ...of: ReturnType<typeof line>[]) =>
  refund(who, `${who}-${id}`, { scope: 'lines', lines: of, time: ago(1) });
const buy = (who: string, id: string, total: number, hours = 5, ...of: ReturnType<typeof line>[]) =>
  purchase(who, `${who}-${id}`, total, { time: ago(hours), lines: of });
const rowOf = async (refundId: string) => {
  const [row] = await ledger.sql('ledger')`
    select matched_minor as matched, unmatched_minor as unmatched, points_taken as taken, matches, open_until is not null as open,
      open_lines as "openLines" from refund where refund_id = ${refundId}`;
  return row;
};
const knowsOfOpen = async (who: string): Promise<boolean | undefined> => {
  const [row] = await ledger.sql('ledger')`
    select next_closing_at is not null as open from balance where customer_id = ${who}`;
  return row?.open;
};
const merged = (customerId: string, intoCustomerId: string) =>
  event(CustomerMerged, { id: newId(), source: '/test', time: ago(0) }, { customerId, intoCustomerId });

test('an amount that no purchase had is taken of those that are told later, none of which is later than the refund', async () => {
  await ledger.send(buy('ann', '1', 1_000), amount('ann', 'r', 4_000));
  expect(await rowOf('ann-r')).toMatchObject({ matched: 1_000, unmatched: 3_000, taken: 10, open: true });
  await ledger.send(buy('ann', '2', 2_000, 0), purchase('ann', 'ann-usd', 900, { time: ago(5), currency: 'USD' }));
  expect(await ledger.balance('ann')).toMatchObject({ active: 20 });
  await ledger.send(buy('ann', '3', 500), buy('ann', '4', 8_000, 3));
  expect(await ledger.balance('ann')).toMatchObject({ active: 20 + 80 - 25, negative: 0 });
  expect(await rowOf('ann-r')).toEqual({
    ...{ matched: 4_000, unmatched: 0, taken: 40, open: false, openLines: null },
    matches: [
      ['ann-1', 1_000, 10, 10],
      ['ann-3', 500, 5, 5],
      ['ann-4', 2_500, 25, 25],
    ],
  });
  expect(await knowsOfOpen('ann')).toBe(false);
  const told = (await ledger.events(Topics.points)).filter(
    ({ subject, type }) => subject === 'ann' && type === 'points.clawed_back',
  );
  expect(told.map(({ data, time }) => [(data as { points: number }).points, time])).toEqual(
    [10, 5, 25].map((points) => [points, ago(1)]),
  );
});

test('what the orders say of their refunds is what each of them gave, and that one is open still', async () => {
  await ledger.send(buy('bea', '1', 1_000), amount('bea', 'r', 1_800));
  const refundsOf = async (id: string) => (await ledger.call('GET', `/v1/orders/bea-${id}/earnings`)).json().refunds;
  const openUntil = ledger.clock
    .now()
    .add({ hours: 7 * 24 })
    .toString();
  const given = { refundId: 'bea-r', scope: 'amount', status: 'applied', occurredAt: ago(1) };
  expect(await refundsOf('1')).toEqual([
    {
      ...given,
      amountMinor: 1_000,
      pointsDue: 10,
      pointsTaken: 10,
      pointsGivenBack: 0,
      unmatchedMinor: 800,
      openUntil,
    },
  ]);
  await ledger.send(buy('bea', '2', 900));
  expect(await refundsOf('2')).toEqual([
    { ...given, amountMinor: 800, pointsDue: 8, pointsTaken: 8, pointsGivenBack: 0 },
  ]);
});

test('pieces that no purchase had are taken of those that are told later, with their money', async () => {
  await ledger.send(buy('cal', '1', 1_000, 9, line('a', 1, 1_000)));
  await ledger.send(lines('cal', 'r', line('a', 3, 3_600), line('b', 1, 500)));
  expect(await rowOf('cal-r')).toMatchObject({
    ...{ matched: 1_000, unmatched: 3_100, open: true },
    openLines: [
      ['a', 2, 2_600],
      ['b', 1, 500],
    ],
  });
  await ledger.send(buy('cal', '2', 5_000, 9, line('c', 1, 5_000)), buy('cal', '3', 1_300, 9, line('a', 1, 1_300)));
  expect(await rowOf('cal-r')).toMatchObject({
    openLines: [
      ['a', 1, 1_300],
      ['b', 1, 500],
    ],
  });
  await ledger.send(buy('cal', '4', 4_000, 9, line('a', 5, 3_500), line('b', 1, 500)));
  expect(await rowOf('cal-r')).toMatchObject({ matched: 4_100, unmatched: 0, taken: 41, open: false, openLines: null });
  expect(await ledger.balance('cal')).toMatchObject({ active: 10 + 50 + 13 + 40 - 41 });
});

test('refund and purchase in one batch, the refund first', async () => {
  await ledger.send(amount('dan', 'r', 700), buy('dan', '1', 1_000), buy('dan', '2', 1_000));
  expect(await rowOf('dan-r')).toMatchObject({ matched: 700, taken: 7, open: false, matches: [['dan-1', 700, 7, 7]] });
  expect(await ledger.balance('dan')).toMatchObject({ active: 13 });
  await ledger.send(amount('dag', 'r', 1_700), buy('dag', '1', 1_000), buy('dag', '2', 1_000));
  expect(await rowOf('dag-r')).toMatchObject({ matched: 1_700, taken: 17, open: false });
});

test('those that name the order come first, then the others by their own time; told again they change nothing', async () => {
  const events = [amount('eve', 'r2', 600, 1), amount('eve', 'r1', 300, 2), buy('eve', '1', 1_000)] as const;
  const named = refund('eve', 'eve-n', { scope: 'amount', orderId: 'eve-1', amountMinor: 500, time: ago(1) });
  await ledger.send(events[0]);
  await ledger.send(events[1], named);
  await ledger.send(events[2]);
  const outcome = async () => [await rowOf('eve-n'), await rowOf('eve-r1'), await rowOf('eve-r2')];
  const before = await outcome();
  expect(before).toMatchObject([
    { matched: 500, open: false },
    { matched: 300, open: false },
    { matched: 200, unmatched: 400, open: true },
  ]);
  await ledger.send(...events, named);
  await ledger.send(...events.map((each) => ({ ...each, id: newId() })));
  expect(await outcome()).toEqual(before);
  expect(await ledger.balance('eve')).toMatchObject({ active: 0, earned: 10, negative: 0 });
});

test('what is open is closed after some days, whether or not the job has been by', async () => {
  await ledger.send(amount('fay', 'r', 900), amount('fee', 'r', 900));
  ledger.clock.advance({ hours: 7 * 24 - 1 });
  await ledger.send(buy('fay', '1', 500, 200));
  expect(await rowOf('fay-r')).toMatchObject({ matched: 500, unmatched: 400, open: true });
  ledger.clock.advance({ hours: 1 });
  // The job is not run.
  await ledger.send(buy('fay', '2', 500, 200), buy('fee', '1', 500, 200));
  expect(await ledger.balance('fay')).toMatchObject({ active: 5 });
  expect(await ledger.balance('fee')).toMatchObject({ active: 5 });
  await ledger.service('ledger').runJobs();
  expect(await rowOf('fay-r')).toMatchObject({ matched: 500, unmatched: 400, open: false });
  expect([await knowsOfOpen('fay'), await knowsOfOpen('fee')]).toEqual([false, false]);
});

test('one that was told later stays open longer', async () => {
  await ledger.send(amount('fin', 'r1', 900));
  ledger.clock.advance({ hours: 48 });
  await ledger.send(amount('fin', 'r2', 900));
  ledger.clock.advance({ hours: 6 * 24 });
  await ledger.service('ledger').runJobs();
  expect([(await rowOf('fin-r1'))?.open, (await rowOf('fin-r2'))?.open]).toEqual([false, true]);
  await ledger.send(buy('fin', '1', 1_000, 500));
  expect([(await rowOf('fin-r1'))?.taken, (await rowOf('fin-r2'))?.taken]).toEqual([0, 9]);
});

const use = async (returns: object): Promise<void> => {
  const answer = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, returns });
  expect(answer.statusCode, answer.body).toBe(200);
};
const reserve = async (who: string, points: number, orderId?: string): Promise<string> =>
  (await ledger.call('POST', `/v1/customers/${who}/reservations`, { points, orderId })).json().reservationId;
const release = async (reservationId: string): Promise<void> => {
  const answer = await ledger.call('POST', `/v1/reservations/${reservationId}/release`);
  expect(answer.statusCode, answer.body).toBe(200);
};

test('spent points come back, points that are held are taken when they are free again', async () => {
  await use({ policy: 'within_balance', spentPoints: 'proportional' });
  await ledger.send(buy('gus', '0', 5_000, 0));
  await ledger.call('POST', `/v1/reservations/${await reserve('gus', 20, 'gus-1')}/capture`, { points: 20 });
  await ledger.send(amount('gus', 'r', 500));
  await ledger.send(buy('gus', '1', 1_000));
  expect(await ledger.balance('gus')).toMatchObject({ active: 30 + 10 - 5 + 10, spent: 10 });

  // Two identities: the one has the points, and holds them; the other was refunded.
  await ledger.send(buy('hel', '1', 1_000), buy('hel', '2', 1_000), amount('hal', 'r', 2_500));
  const held = [await reserve('hel', 15), await reserve('hel', 5)] as const;
  await ledger.send(merged('hal', 'hel'));
  expect(await rowOf('hal-r')).toMatchObject({ matched: 2_000, taken: 0, open: true });
  await release(held[0]);
  expect(await ledger.balance('hel')).toMatchObject({ active: 0, reserved: 5 });
  await ledger.send(buy('hel', '3', 1_000));
  expect(await ledger.balance('hel')).toMatchObject({ active: 5, reserved: 5 });
  await release(held[1]);
  expect(await ledger.balance('hel')).toMatchObject({ active: 5, reserved: 0 });
  expect(await rowOf('hal-r')).toMatchObject({ matched: 2_500, taken: 25, open: false });
  await use({ policy: 'allow_negative', spentPoints: 'none' });
});

test('what is held of a refund since before is not forgotten when more of it is', async () => {
  await use({ policy: 'within_balance', spentPoints: 'none' });
  await ledger.send(amount('hum', 'r', 2_500), buy('him', '1', 2_000), buy('her', '1', 1_000));
  const held = [await reserve('him', 20), await reserve('her', 10)] as const;
  await ledger.send(merged('him', 'hum'));
  await ledger.send(merged('her', 'hum'));
  expect(await rowOf('hum-r')).toMatchObject({ matched: 2_500, taken: 0, open: false });
  await release(held[0]);
  expect(await ledger.balance('hum')).toMatchObject({ active: 0, reserved: 10 });
  await release(held[1]);
  expect(await ledger.balance('hum')).toMatchObject({ active: 5, reserved: 0 });
  await use({ policy: 'allow_negative', spentPoints: 'none' });
});

test('who is merged takes open refunds along, and they find the orders of both, those told later too', async () => {
  await ledger.send(amount('ida', 'r', 3_000), buy('jon', '1', 1_000));
  await ledger.send(merged('ida', 'jon'));
  expect(await ledger.balance('jon')).toMatchObject({ active: 0, earned: 10 });
  expect([await knowsOfOpen('ida'), await knowsOfOpen('jon')]).toEqual([false, true]);
  await ledger.send(buy('ida', '1', 500), buy('jon', '2', 900));
  expect(await rowOf('ida-r')).toMatchObject({ matched: 2_400, unmatched: 600, open: true });
  // The other way round: who lives on had lacked something.
  await ledger.send(amount('kai', 'r', 1_000), buy('leo', '1', 1_000));
  await ledger.send(merged('leo', 'kai'));
  expect(await rowOf('kai-r')).toMatchObject({ matched: 1_000, taken: 10, open: false });
  const told = (await ledger.events(Topics.points)).filter(({ type }) => type === 'points.clawed_back');
  expect(told.filter(({ subject }) => subject === 'kai')).toHaveLength(1);
});

test('nothing is open of who was erased', async () => {
  await ledger.send(amount('max', 'r', 3_000));
  await ledger.send(event(CustomerErased, { id: newId(), source: '/test', time: ago(0) }, { customerId: 'max' }));
  expect(await rowOf('max-r')).toMatchObject({ unmatched: 3_000, open: false });
  ledger.clock.advance({ hours: 1 });
  await ledger.send(buy('max', '1', 1_000, 0), buy('max', '2', 1_000));
  expect(await ledger.balance('max')).toMatchObject({ active: 10 });
});

test('a purchase that did not see the refund, as both came at the same moment, is booked anew and sees it', async () => {
  const refunds = { lookBackPurchases: 50, openDays: 7 };
  const currentRules = createCurrentRules();
  const context = { group: 'test', topic: Topics.purchases.name, partition: 0, now: ledger.clock.now() };
  const heard = subscriptions({ currentRules, refunds, countOutcomes: () => undefined });
  const handler = heard.find(({ topic }) => topic === Topics.purchases) as Subscription;
  const sql = ledger.sql('ledger');
  const bought = buy('ned', '1', 1_000);
  await ledger.send(buy('ned', '0', 100, 0));
  const late = sql.begin(async (tx) => {
    const standings = await findStandings(tx, [bought], { currentRules });
    await sql.begin((other) => prepareAndHandle(handler, other, [amount('ned', 'r', 800)], context));
    return recordPurchases(tx, [bought], { ...context, alongWithCommit: () => undefined }, standings, { refunds });
  });
  await expect(late).rejects.toMatchObject({ code: 'ledger.customer_changed_meanwhile' });
  await ledger.send(bought);
  expect(await rowOf('ned-r')).toMatchObject({ matched: 800, taken: 8, open: false });
});

test('nothing stays open where the setting says so', async () => {
  const options = { now: ledger.clock.now().toString(), settings: { LEDGER_REFUND_WAITS_DAYS: '0' } };
  const strict = await startLedger({}, options);
  try {
    for (const each of [amount('ola', 'r', 800), buy('ola', '1', 1_000)]) {
      await strict.send(each);
    }
    expect(await strict.balance('ola')).toMatchObject({ active: 10 });
    await strict.verify();
  } finally {
    await strict.stop();
  }
});
