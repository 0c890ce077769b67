import { CustomerErased, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { customerMerged, redemptions } from '../test/redemption.fixture.ts';
import { level, structure } from '../test/tiers.fixture.ts';
import { createCurrentRules } from '../use-cases/current-programme.ts';
import { replayPortion } from '../use-cases/replay-draft.ts';

let ledger: LedgerHarness;
const { ok } = redemptions(() => ledger);

beforeAll(async () => {
  // Nothing goes on by itself.
  ledger = await startLedger({}, { settings: { LEDGER_REPLAY_EVERY_MS: '3600000' } });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const after = (minutes: number, milliseconds = 0): string =>
  Temporal.Instant.from(T0).add({ minutes }).add({ milliseconds }).toString();
const draftOf = async (more: object = {}): Promise<string> =>
  (await ok('POST', '/v1/programme/drafts', { programme: { ...PROGRAMME, ...more } })).draftId;
const ask = (draftId: string, days = 1) => ok('POST', `/v1/programme/drafts/${draftId}/replays`, { days });
const look = (replayId: string) => ok('GET', `/v1/programme/replays/${replayId}`);
const goOn = (portion: number) =>
  ledger
    .sql('ledger')
    .begin((tx) => replayPortion(tx, { now: ledger.clock.now(), portion, currentRules: createCurrentRules() }));
/** Goes through the replay to its end, a minute for each portion. */
const finish = async (replayId: string, portion: number) => {
  while ((await goOn(portion)) > 0) ledger.clock.advance('PT1M');
  return look(replayId);
};
const DAY = 24 * 60;

test('the orders of a replay are those of its days, from the first instant on, that were booked before it was asked for', async () => {
  const order = (customerId: string, minutes: number, milliseconds = 0) =>
    purchase(customerId, `${customerId}-1`, 1_000, { time: after(minutes, milliseconds) });
  // Told some minutes before it happened, and before the days begin.
  await ledger.send(order('early', 4));
  ledger.clock.set(after(20));
  await ledger.send(order('before', 2, -1), order('first', 2), order('gone', 10));
  await ledger.send(event(CustomerErased, { id: newId(), source: '/test', time: after(15) }, { customerId: 'gone' }));
  await ledger.send(purchase('gone', 'gone-2', 1_000, { time: after(11) }));
  ledger.clock.set(after(DAY));
  await ledger.send(order('last', DAY + 2, -1), order('at', DAY + 2));
  ledger.clock.set(after(DAY + 2));
  const draftId = await draftOf({ rates: [{ currency: 'EUR', points: 2, perMinor: 100 }] });
  const asked = await ask(draftId);
  expect(asked).toMatchObject({ from: after(2), until: after(DAY + 2), days: 1, draftRevision: 1 });
  // What was erased after it was booked is an order still; what was told of her later is none.
  const done = await finish(asked.replayId, 2);
  expect(done.result).toMatchObject({ orders: 4, points: { booked: 40, draft: 80 }, customers: { up: 4 } });
});

test('a replay tells since when it runs, and when it ended, once it did', async () => {
  const draftId = await draftOf();
  const { replayId } = await ask(draftId);
  const startedAt = ledger.clock.now().toString();
  await goOn(2);
  ledger.clock.advance('PT1M');
  await goOn(2);
  const running = await look(replayId);
  expect(running).toMatchObject({ status: 'running', startedAt, progress: { ordersDone: 2 } });
  expect(running.finishedAt).toBeUndefined();
  ledger.clock.advance('PT1M');
  // One that somebody is at is passed by.
  await ledger.sql('ledger').begin(async (tx) => {
    await replayPortion(tx, { now: ledger.clock.now(), portion: 2, currentRules: createCurrentRules() });
    expect(await goOn(2)).toBe(0);
  });
  const done = await finish(replayId, 2);
  expect(done).toMatchObject({ status: 'done', startedAt });
  expect(done.finishedAt > startedAt).toBe(true);
});

test('a replay whose database goes away has not failed: it goes on when that is back', async () => {
  const draftId = await draftOf({
    rules: [
      {
        ...{ id: 'vip', name: 'VIP', order: 1, trigger: { on: 'purchase' }, effect: { kind: 'fixed', points: 1 } },
        when: { kind: 'customer_segment', in: ['vip'] },
      },
    ],
  });
  const { replayId } = await ask(draftId);
  await goOn(2);
  const gone = Object.assign(new Error('gone'), { code: 'CONNECTION_CLOSED' });
  const broken = { now: ledger.clock.now(), portion: 2, currentRules: () => Promise.reject(gone) };
  await expect(ledger.sql('ledger').begin((tx) => replayPortion(tx, broken))).rejects.toBe(gone);
  expect(await look(replayId)).toMatchObject({ status: 'running', progress: { ordersDone: 0 } });
  expect(await finish(replayId, 2)).toMatchObject({ status: 'done' });
});

test('replays of a draft are listed newest first, and no others', async () => {
  const [draftId, other] = [await draftOf(), await draftOf()];
  const ids: string[] = [];
  for (const id of [draftId, other, draftId]) ids.push((await ask(id)).replayId);
  const { replays } = await ok('GET', `/v1/programme/drafts/${draftId}/replays`);
  expect(replays.map(({ replayId }: { replayId: string }) => replayId)).toEqual([ids[2], ids[0]]);
  for (const id of ids) await ok('POST', `/v1/programme/replays/${id}/cancel`);
});

test("a customer's orders are tried in the order of their time, over all portions and within each", async () => {
  const once = {
    ...{ id: 'once', name: 'Once', order: 1, trigger: { on: 'purchase' } },
    effect: { kind: 'per_amount', points: 1, perMinor: 100, currency: 'EUR' },
    caps: { perCustomer: [{ limit: 1, unit: 'awards', per: 'forever' }], beyond: 'reduce' },
  };
  ledger.clock.set(after(10 * DAY));
  await ledger.send(
    purchase('cap', 'cap-1-last', 900, { time: after(10 * DAY - 10) }),
    purchase('cap', 'cap-2-middle', 500, { time: after(10 * DAY - 20) }),
    purchase('cap', 'cap-3-first', 200, { time: after(10 * DAY - 30) }),
  );
  ledger.clock.advance('PT1M');
  const draftId = await draftOf({ rates: [], rules: [once] });
  for (const portion of [1, 2, 9]) {
    const { replayId } = await ask(draftId);
    expect((await finish(replayId, portion)).result, `${portion}`).toMatchObject({ orders: 3, points: { draft: 2 } });
  }
});

const tryOrder = async (more: object) =>
  ok('POST', '/v1/programme/simulations', { order: { currency: 'EUR', totalMinor: 1_000 }, ...more });

test('an order of another time expires by that time, and by the tier of who orders', async () => {
  const silver = {
    ...level('silver', 100),
    benefits: { rewards: [], expiry: { kind: 'rolling', amount: 5, unit: 'days' } },
  };
  const draftId = await draftOf({ expiresAfterDays: 30, tiers: structure({ levels: [silver as never] }) });
  const order = { currency: 'EUR', totalMinor: 1_000, occurredAt: '2026-11-01T12:00:00Z' };
  const expiresAt = async (customer?: object) =>
    (await tryOrder({ draftId, order, ...(customer ? { customer } : {}) })).entries[0].expiresAt;
  expect(await expiresAt()).toBe('2026-12-01T22:59:59.999Z');
  expect(await expiresAt({ tier: 'silver' })).toBe('2026-11-06T22:59:59.999Z');
});

test('what is assumed of a customer goes before what is known, also of who was merged', async () => {
  const rule = (id: string, points: number, more: object) => ({
    ...{ id, name: id, order: points, trigger: { on: 'purchase' }, effect: { kind: 'fixed', points } },
    ...more,
  });
  const monthly = { perCustomer: [{ limit: 3, unit: 'points', per: 'month' }], beyond: 'reduce' };
  const rules = [
    rule('visit', 3, { caps: monthly }),
    rule('vip', 40, { when: { kind: 'customer_segment', in: ['vip'] } }),
  ];
  await ok('PUT', '/v1/programme', { ...PROGRAMME, rates: [], rules });
  const time = ledger.clock.now().toString();
  await ledger.send(purchase('old', 'old-1', 100, { time }), purchase('new', 'new-1', 100, { time }));
  await ledger.send(customerMerged('old', 'new'));
  await ledger.sql('ledger')`insert into customer_profile (customer_id, segments) values ('new', '["vip"]')
    on conflict (customer_id) do update set segments = excluded.segments`;
  for (const customerId of ['old', 'new']) {
    // The visits of the month are all had.
    expect(await tryOrder({ customerId }), customerId).toMatchObject({ points: 40, cappedAway: ['visit'] });
    expect(await tryOrder({ customerId, customer: { segments: [] } }), customerId).toMatchObject({ points: 0 });
    const order = { currency: 'EUR', totalMinor: 1_000, occurredAt: '2026-10-01T12:00:00Z' };
    expect(await tryOrder({ customerId, order }), customerId).toMatchObject({ points: 43, cappedAway: [] });
  }
  await ok('PUT', '/v1/programme', PROGRAMME);
});
