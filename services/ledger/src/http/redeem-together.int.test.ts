import { setTimeout as pause } from 'node:timers/promises';
import type { Tx } from '@vafa/bus';
import { Topics } from '@vafa/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';
import { customerMerged, redemptions } from '../test/redemption.fixture.ts';

let ledger: LedgerHarness;
const { ok, earn } = redemptions(() => ledger);

beforeAll(async () => {
  ledger = await startLedger({}, { settings: { VAFA_DATABASE_POOL: '12', VAFA_LOG_LEVEL: 'silent' } });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

type Answer = Awaited<ReturnType<LedgerHarness['call']>>;
const reserve = (customerId: string, points: number, key?: string, more: object = {}): Promise<Answer> =>
  ledger.call(
    'POST',
    `/v1/customers/${customerId}/reservations`,
    { points, ...more },
    key === undefined ? undefined : { 'idempotency-key': key },
  );
const end = (deed: 'capture' | 'release', id: string, payload?: object): Promise<Answer> =>
  ledger.call('POST', `/v1/reservations/${id}/${deed}`, payload);
const statuses = (answers: readonly Answer[]): Record<number, number> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(answers, ({ statusCode }) => statusCode)).map(([status, all]) => [
      status,
      all?.length,
    ]),
  ) as Record<number, number>;

/** Holds something in a transaction until it is told to let go. */
const hold = async (take: (tx: Tx) => Promise<unknown>): Promise<() => Promise<unknown>> => {
  const [taken, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const transaction = ledger.sql('ledger').begin(async (tx) => {
    await take(tx);
    taken.resolve();
    await free.promise;
  });
  await taken.promise;
  return () => {
    free.resolve();
    return transaction;
  };
};

/** Until so many transactions of the ledger wait for a lock, in a statement like this. */
const waitingFor = async (transactions: number, statement: string): Promise<void> => {
  for (;;) {
    const rows = await ledger.admin`select 1 from pg_stat_activity where datname = current_database()
      and wait_event_type = 'Lock' and query like ${`%${statement}%`}`;
    if (rows.length >= transactions) return;
    await pause(5);
  }
};

let blocks = 0;
/**
 * Has requests decided in one transaction: all places are taken by requests whose keys somebody else holds, until all others
 * wait.
 */
const inOneTransaction = async (requests: () => Promise<Answer>[]): Promise<Answer[]> => {
  const names = [++blocks, ++blocks].map((n) => `block-${n}`);
  const [key] = await ledger.admin<{ id: string }[]>`select id from auth.api_key`;
  const letGo = await hold(
    (tx) => tx`insert into idempotency_key (key, request_hash, status, body, created_at)
      select ${`${key?.id}:`} || name, '', 0, '', now() - interval '99 years' from unnest(${names}::text[]) as name`,
  );
  const first: Promise<Answer>[] = [];
  for (const name of names) {
    // One after the other, or they would share a place.
    first.push(reserve('nobody', 1, name));
    await waitingFor(first.length, 'insert into idempotency_key');
  }
  const others = requests();
  // What is injected reaches its route some turns later.
  await pause(100);
  await letGo();
  expect(statuses(await Promise.all(first))).toEqual({ 409: 2 });
  return Promise.all(others);
};

test('a thousand at once for one customer get what there is and not a point more', async () => {
  await earn(1_000, 'hot');
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => reserve('hot', 2)));
  expect(statuses(answers)).toEqual({ 201: 500, 422: 500 });
  expect(await ledger.balance('hot')).toMatchObject({ active: 0, reserved: 1_000 });
  // Each was told the balance after its own.
  const told = answers.flatMap((answer) => (answer.statusCode === 201 ? [answer.json().balance.active as number] : []));
  expect(told.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => 2 * i));
  const ids = answers.flatMap((answer) => (answer.statusCode === 201 ? [answer.json().reservationId as string] : []));
  const ends = await Promise.all(ids.flatMap((id, i) => [end('capture', id), end(i % 2 ? 'capture' : 'release', id)]));
  expect(statuses(ends)).toEqual({ 200: 500, 409: 500 });
  const { active, reserved, spent } = await ledger.balance('hot');
  expect([reserved, active + spent]).toEqual([0, 1_000]);
  await ledger.verify();
});

test('captured or released twice in one transaction, a reservation ends once', async () => {
  await earn(100, 'ann');
  const ids = await Promise.all([1, 2, 3].map(async () => (await reserve('ann', 20)).json().reservationId as string));
  // Requests with a body take longer to come in.
  const answers = await inOneTransaction(() => [
    ...[end('capture', ids[0] as string), end('capture', ids[0] as string)],
    ...[end('release', ids[1] as string), end('release', ids[1] as string)],
    ...[end('capture', ids[2] as string, { points: 5 }), end('release', ids[2] as string, {})],
  ]);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 409, 200, 409, 200, 409]);
  expect(answers.map((answer) => answer.json().balance?.active)).toEqual([40, undefined, 60, undefined, 75, undefined]);
  const rows = await ledger.sql('ledger')`select count(distinct xmin::text) as transactions
    from reservation where customer_id = 'ann'`;
  expect(rows[0]).toMatchObject({ transactions: 1 });
  await ledger.settle();
  const events = (await ledger.events(Topics.points)).filter(
    ({ subject, type }) => subject === 'ann' && type !== 'points.earned',
  );
  expect(events.map(({ type, data }) => [type, data])).toMatchObject([
    ['points.redeemed', { points: 20, balanceAfter: 80 }],
    ['points.released', { points: 20, balanceAfter: 80 }],
    ['points.redeemed', { points: 5, balanceAfter: 75 }],
    ['points.released', { points: 15, balanceAfter: 75 }],
  ]);
});

test('one key holds once, however many ask with it at once; the others hear the same', async () => {
  await earn(500, 'bob');
  const answers = await Promise.all(Array.from({ length: 60 }, () => reserve('bob', 5, 'bob-pays')));
  expect(statuses(answers)).toEqual({ 201: 60 });
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true')).toHaveLength(59);
  expect(await ledger.balance('bob')).toMatchObject({ active: 495, reserved: 5 });
});

test('who is refused leaves no trace among neighbours who are served', async () => {
  await earn(10, 'cid', 'dan');
  const sql = ledger.sql('ledger');
  const versionOf = () => sql`select xmin::text, * from balance where customer_id = 'dan'`;
  const before = await versionOf();
  const answers = await inOneTransaction(() => [
    reserve('dan', 11, 'refused-dan'),
    reserve('cid', 10, 'served-cid'),
    reserve('nobody', 1, 'refused-nobody'),
    reserve('cid', 1, 'refused-cid'),
    end('capture', '01890000-0000-7000-8000-000000000000'),
  ]);
  expect(answers.map((answer) => answer.json().code ?? 'held')).toEqual([
    ...['ledger.insufficient_points', 'held', 'ledger.insufficient_points', 'ledger.insufficient_points'],
    'ledger.reservation_not_found',
  ]);
  expect(answers.map((answer) => answer.json().available)).toEqual([10, undefined, 0, 0, undefined]);
  expect(await versionOf()).toEqual(before);
  expect(await sql`select 1 from balance where customer_id = 'nobody'`).toHaveLength(0);
  const keys = await sql<{ key: string }[]>`select split_part(key, ':', 2) as key from idempotency_key
    where key like '%:refused-%' or key like '%:served-%'`;
  expect(keys).toEqual([{ key: 'served-cid' }]);
});

test('one command that makes the transaction fail takes none of its neighbours along', async () => {
  const names = ['eve', 'fay', 'cursed', 'gus', 'hal'];
  await earn(10, ...names);
  await ledger.admin`alter table ledger.reservation add constraint cursed check (customer_id <> 'cursed') not valid`;
  const answers = await inOneTransaction(() => names.map((name) => reserve(name, 4, `${name}-pays`)));
  await ledger.admin`alter table ledger.reservation drop constraint cursed`;
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 500, 201, 201]);
  for (const name of names)
    expect(await ledger.balance(name)).toMatchObject(name === 'cursed' ? { active: 10 } : { active: 6, reserved: 4 });
  // What failed was not kept.
  expect((await reserve('cursed', 4, 'cursed-pays')).statusCode).toBe(201);
});

test('who is locked by somebody else keeps nobody waiting but itself, and is served in its turn', async () => {
  await earn(10, 'lea', 'max', 'ned');
  const letGo = await hold((tx) => tx`select 1 from balance where customer_id = 'max' for update`);
  let served = false;
  let max: Promise<Answer> | undefined;
  const answers = await inOneTransaction(() => {
    const lea = reserve('lea', 4, 'lea-pays');
    max = reserve('max', 4, 'max-pays');
    void max.then(() => {
      served = true;
    });
    return [lea, reserve('ned', 4, 'ned-pays')];
  });
  expect(statuses(answers)).toEqual({ 201: 2 });
  await waitingFor(1, 'order by customer_id for update');
  expect(served).toBe(false);
  await letGo();
  expect((await max)?.statusCode).toBe(201);
  const again = await reserve('max', 4, 'max-pays');
  expect([again.statusCode, again.headers['idempotency-replayed']]).toEqual([201, 'true']);
  expect(await ledger.balance('max')).toMatchObject({ active: 6, reserved: 4 });
});

test('nor does a reservation that somebody else has locked keep anybody waiting', async () => {
  await earn(10, 'ora', 'pia');
  const held = (await reserve('ora', 4)).json().reservationId as string;
  const letGo = await hold((tx) => tx`select 1 from reservation where id = ${held} for update`);
  let captured: Promise<Answer> | undefined;
  const answers = await inOneTransaction(() => {
    captured = end('capture', held);
    return [reserve('pia', 4)];
  });
  expect(statuses(answers)).toEqual({ 201: 1 });
  expect(await ledger.balance('ora')).toMatchObject({ reserved: 4, spent: 0 });
  await letGo();
  expect((await captured)?.statusCode).toBe(200);
  expect(await ledger.balance('ora')).toMatchObject({ active: 6, reserved: 0, spent: 4 });
});

test('who finds all chains of the seal taken is refused for now, and nothing of it stays', async () => {
  await earn(10, 'quy');
  const held = (await reserve('quy', 4)).json().reservationId as string;
  const letGo = await hold(
    (tx) => tx`select pg_advisory_xact_lock(hashtextextended('vafa.ledger.seal/api/' || lane, 0))
      from generate_series(0, 255) as lane`,
  );
  const gift = () => ledger.call('POST', '/v1/customers/quy/adjustments', { points: 5, reason: 'hello' });
  // One commits by itself, the other along with what it writes.
  for (const answer of [await gift(), await end('capture', held)])
    expect(answer.json()).toMatchObject({ status: 503, code: 'ledger.too_busy' });
  expect(await ledger.balance('quy')).toMatchObject({ active: 6, reserved: 4, spent: 0 });
  await letGo();
  expect([(await end('capture', held)).statusCode, (await gift()).statusCode]).toEqual([200, 201]);
  expect(await ledger.balance('quy')).toMatchObject({ active: 11, reserved: 0, spent: 4 });
});

test('who was merged into another pays with what both have', async () => {
  await earn(30, 'ida', 'jon');
  const held = (await reserve('jon', 10)).json().reservationId as string;
  await ledger.send(customerMerged('jon', 'ida'));
  const answers = await inOneTransaction(() => [
    reserve('jon', 40),
    reserve('ida', 10),
    reserve('jon', 1),
    end('capture', held),
  ]);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 422, 200]);
  expect(await ledger.balance('ida')).toMatchObject({ active: 0, reserved: 50, spent: 10 });
});

test('payments of one refunded order that are captured together give back what they would one by one', async () => {
  await ok('PUT', '/v1/programme', {
    ...PROGRAMME,
    returns: { policy: 'allow_negative', spentPoints: 'proportional' },
  });
  await earn(100, 'kim');
  await ledger.publish([
    purchase('kim', 'kim-order', 300),
    refund('kim', 'kim-refund', { orderId: 'kim-order', scope: 'amount', amountMinor: 100 }),
  ]);
  await ledger.settle();
  const ids = await Promise.all(
    [5, 5, 5].map(async (points) => {
      const answer = await reserve('kim', points, undefined, { orderId: 'kim-order' });
      return answer.json().reservationId as string;
    }),
  );
  const answers = await inOneTransaction(() => ids.map((id) => end('capture', id)));
  // A third of 5, of 10 and of 15, each less what the ones before it gave back.
  expect(answers.map((answer) => answer.json().givenBackPoints)).toEqual([1, 2, 2]);
});
