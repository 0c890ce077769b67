import { CustomerErased, CustomerMerged, event } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdRecordedAt } from '../store/finance-locks.ts';
import { PROGRAMME, purchase, refund } from '../test/events.fixture.ts';
import { expectBooksToAgree, IRAN, type Month } from '../test/finance-books.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  // 10 Mehr 1405, 11:30 in Tehran.
  ledger = await startLedger(IRAN, { now: '2026-10-02T08:00:00Z' });
});

afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const get = async (url: string) => (await ledger.call('GET', url)).json();
const now = () => ledger.clock.now().toString();
const buy = (customer: string, order: string, points: number, time = now()) =>
  ledger.publish([purchase(customer, order, points * 100, { time })]);
const spend = async (customer: string, points: number, orderId?: string) => {
  const held = await ledger.call('POST', `/v1/customers/${customer}/reservations`, { points, orderId });
  if (held.statusCode !== 201) return false;
  return (await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`)).statusCode === 200;
};
const booksAgree = (from: string, to: string) => expectBooksToAgree(ledger, from, to);

describe('the roll-forward', () => {
  test('agrees with entries, balances and lots, over months, late entries, deficits, merges and erasures', async () => {
    await buy('ann', 'ann-1', 100);
    await buy('bob', 'bob-1', 50);
    await ledger.settle();
    await spend('ann', 60);
    await ledger.call('POST', '/v1/customers/bob/reservations', { points: 20, ttlSeconds: 86_400 });
    await ledger.settle();
    await booksAgree('1405-07', '1405-07');

    // Aban: a refund of spent points makes a deficit that the next credit pays off; history is imported.
    ledger.clock.set('2026-10-25T08:00:00Z');
    await ledger.send(refund('ann', 'ann-r', { scope: 'whole', orderId: 'ann-1', time: now() }));
    await booksAgree('1405-07', '1405-08');
    await buy('ann', 'ann-2', 90);
    await buy('old', 'old-1', 500, '2019-01-05T08:00:00Z');
    await buy('cat', 'cat-1', 70, '2026-10-03T08:00:00Z');
    await ledger.settle();
    await booksAgree('1405-07', '1405-08');

    // Azar: expiry, a merge, an erasure, corrections.
    ledger.clock.set('2026-11-25T08:00:00Z');
    await ledger.settle();
    await buy('dan', 'dan-1', 40);
    await ledger.call('POST', '/v1/customers/dan/adjustments', { points: -5, reason: 'mistake' });
    await ledger.publish([
      event(CustomerMerged, { id: newId(), source: '/t', time: now() }, { customerId: 'ann', intoCustomerId: 'dan' }),
    ]);
    await ledger.settle();
    await buy('eve', 'eve-1', 33);
    await ledger.settle();
    await ledger.send(event(CustomerErased, { id: newId(), source: '/t', time: now() }, { customerId: 'eve' }));
    await booksAgree('1405-07', '1405-09');
    await booksAgree('1405-09', '1405-09');
  });

  test('a closed month never changes, whatever is recorded later of that time', async () => {
    ledger.clock.set('2026-12-25T08:00:00Z');
    await ledger.settle();
    const url = '/v1/finance/roll-forward?from=1405-07&to=1405-09&by=cohort,tier,wallet';
    const before = await get(url);
    expect(before.months.map(({ closed }: Month) => closed)).toEqual([true, true, true]);
    await buy('late', 'late-1', 1_000, '2026-10-05T08:00:00Z');
    await ledger.send(refund('bob', 'bob-r', { scope: 'whole', orderId: 'bob-1', time: '2026-10-06T08:00:00Z' }));
    const after = await get(url);
    expect(after.months).toEqual(before.months);
    await booksAgree('1405-07', '1405-10');
  });

  test('in money, by the programme, and as a file', async () => {
    const { months, ...context } = await get('/v1/finance/roll-forward?from=1405-07&to=1405-10');
    expect(context).toMatchObject({ calendar: 'persian', timeZone: 'Asia/Tehran', programmeVersion: 1 });
    expect(months[0]).toMatchObject({ from: '2026-09-22T20:30:00Z', until: '2026-10-22T20:30:00Z' });
    for (const { total } of months as Month[]) {
      const { currency, ...money } = total.money[0] as Record<string, number>;
      expect(currency).toBe('IRR');
      expect(money).toEqual(
        Object.fromEntries(Object.entries(total.points).map(([name, points]) => [name, points * 250])),
      );
    }
    const csv = await ledger.call('GET', '/v1/finance/roll-forward?from=1405-07&to=1405-07&format=csv&by=cohort');
    const lines = csv.body.trimEnd().split('\r\n');
    expect(lines[0]).toBe(
      'month,closed,cohort,opening,issued,takenBack,redeemed,expired,adjusted,forfeited,moved,closing,' +
        'opening_IRR,issued_IRR,takenBack_IRR,redeemed_IRR,expired_IRR,adjusted_IRR,forfeited_IRR,moved_IRR,closing_IRR',
    );
    expect(lines[1]).toBe('1405-07,true,1405-07,0,150,0,60,0,0,0,0,90,0,37500,0,15000,0,0,0,0,22500');
  });

  test('refuses months that are none', async () => {
    for (const query of ['from=1405-13', 'from=1405-10&to=1405-09', 'to=1406-01', 'from=1300-01', 'by=colour'])
      expect([query, (await ledger.call('GET', `/v1/finance/roll-forward?${query}`)).statusCode]).toEqual([query, 400]);
    // 120 months are as many as may be asked for.
    for (const [from, status] of [
      ['1395-11', 200],
      ['1395-10', 400],
    ])
      expect((await ledger.call('GET', `/v1/finance/roll-forward?from=${from}&to=1405-10`)).statusCode).toBe(status);
  });
});

test('the liability rests on what customers hold', async () => {
  const report = await get('/v1/finance/liability');
  const [held] = await ledger.sql('ledger')<{ points: number; owed: number }[]>`
    select sum(active + pending + reserved)::bigint as points, sum(deficit)::bigint as owed from balance`;
  expect(report).toMatchObject({
    points: { outstanding: held?.points, owed: held?.owed, breakage: 0 },
    breakageRate: 0,
    estimate: { noEstimate: 'too_few_months', factors: [] },
  });
  expect(report.liabilities).toMatchObject([{ currency: 'IRR', liabilityMinor: (held?.points ?? 0) * 250 }]);
  const csv = await ledger.call('GET', '/v1/finance/liability?format=csv');
  expect(csv.body.trimEnd().split('\r\n')).toHaveLength(report.estimate.cohorts.length + 1);
});

test('the whole book as a file: every entry once, in the order of time', async () => {
  const answer = await ledger.call('GET', '/v1/finance/entries?format=ndjson');
  const rows = answer.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const [count] = await ledger.sql('ledger')<{ n: number }[]>`select count(*) as n from transfer`;
  expect(new Set(rows.map(({ entryId }) => entryId)).size).toBe(count?.n);
  expect(rows.map(({ entryId }) => entryId)).toEqual(rows.map(({ entryId }) => entryId).sort());
  const until = '2026-10-03T00:00:00Z';
  const some = await ledger.call('GET', `/v1/finance/entries?format=ndjson&from=2019-06-01T00:00:00Z&until=${until}`);
  const within = rows.filter(({ occurredAt }) => occurredAt >= '2019-06-01' && occurredAt < until);
  expect(
    some.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(within);
  expect(within.length).toBeGreaterThan(0);
  const rest = await ledger.call('GET', `/v1/finance/entries?format=ndjson&cursor=${rows[9].entryId}`);
  expect(rest.body).toBe(answer.body.split('\n').slice(10).join('\n'));
  // What was recorded since is not in it.
  const at = ledger.clock.now();
  const asOf = rows.map(({ recordedAt }) => recordedAt).sort()[10];
  ledger.clock.set(Temporal.Instant.from(asOf));
  const then = (await ledger.call('GET', '/v1/finance/entries?format=ndjson')).body.trimEnd().split('\n');
  ledger.clock.set(at);
  expect(then.map((line) => JSON.parse(line))).toEqual(rows.filter(({ recordedAt }) => recordedAt <= asOf));
  expect(then.length).toBeLessThan(rows.length);
  const csv = await ledger.call('GET', '/v1/finance/entries?format=csv');
  expect(csv.body.split('\r\n')).toHaveLength((count?.n ?? 0) + 2);
});

test('a part of the book begins and ends at its instants, also between two milliseconds', async () => {
  for (const [order, time] of [
    ['fine-1', '2026-09-30T08:00:00.000250Z'],
    ['fine-2', '2026-09-30T08:00:00.000750Z'],
    // Kept as of the second millisecond, by an id of the first.
    ['fine-3', '2026-09-30T08:00:00.001999999Z'],
  ] as const)
    await buy('fine', order, 10, time);
  await ledger.settle();
  const ordersOf = async (query: string) =>
    (await ledger.call('GET', `/v1/finance/entries?format=ndjson&${query}`)).body
      .split('\n')
      .filter((line) => line.includes('"fine-'))
      .map((line) => [JSON.parse(line).orderId, JSON.parse(line).kind]);
  const [first, second, third] = ['fine-1', 'fine-2', 'fine-3'].map((orderId) => [orderId, 'earn']);
  expect(await ordersOf('from=2026-09-30T08:00:00.000500Z')).toEqual([second, third]);
  expect(await ordersOf('from=2026-09-30T08:00:00.000750Z')).toEqual([second, third]);
  expect(await ordersOf('from=2026-09-30T08:00:00.002Z')).toEqual([third]);
  expect(await ordersOf('from=2026-09-30T08:00:00.002001Z')).toEqual([]);
  expect(await ordersOf('until=2026-09-30T08:00:00.000500Z')).toEqual([first]);
  expect(await ordersOf('until=2026-09-30T08:00:00.000250Z')).toEqual([]);
  expect(await ordersOf('from=2026-09-30T11:30:00.000250%2B03:30&until=2026-09-30T08:00:00.000750Z')).toEqual([first]);
});

test('in money, too, rows add up to the total: also where a point is worth a third of a cent', async () => {
  const third = [{ currency: 'EUR', minor: 1, perPoints: 3 }];
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...IRAN, pointValues: third });
  const url = '/v1/finance/roll-forward?from=1405-07&to=1405-10&by=cohort,tier';
  const { months } = await get(url);
  const csv = (await ledger.call('GET', `${url}&format=csv`)).body.trimEnd().split('\r\n');
  const lines = csv.map((line) => line.split(','));
  for (const { month, rows, total } of months as Month[]) {
    const { currency, ...money } = total.money[0] as Record<string, number>;
    expect(currency).toBe('EUR');
    for (const [figure, minor] of Object.entries(money)) {
      expect([month, figure, rows.reduce((sum, row) => sum + (row.money[0]?.[figure] ?? 0), 0)]).toEqual([
        month,
        figure,
        minor,
      ]);
      const column = lines[0]?.indexOf(`${figure}_EUR`) ?? -1;
      const inFile = lines.filter(([first]) => first === month).reduce((sum, line) => sum + Number(line[column]), 0);
      expect([month, figure, inFile]).toEqual([month, figure, minor]);
    }
  }
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...IRAN });
});

test('a writer whose time lies in a closed day is refused, and nothing of it stays', async () => {
  const at = ledger.clock.now();
  const write = (reason: string) => ledger.call('POST', '/v1/customers/bob/adjustments', { points: 5, reason });
  const end = Temporal.Instant.from((await get('/v1/finance/roll-forward')).closedUntil);
  for (const late of [Temporal.Instant.from('2026-11-01T08:00:00Z'), end.subtract({ milliseconds: 1 })]) {
    ledger.clock.set(late);
    expect((await write('too late')).json()).toMatchObject({ status: 503, code: 'ledger.day_closed' });
  }
  // The next day begins with the end of this one.
  ledger.clock.set(end);
  expect((await write('in time')).statusCode).toBe(201);
  ledger.clock.set(at);
  const [row] = await ledger.sql('ledger')`select count(*) as n from transfer where reason = 'too late'`;
  expect(row?.n).toBe(0);
});

test('a day is not closed while somebody still books in it', async () => {
  const sql = ledger.sql('ledger');
  const start = ledger.clock.now();
  await buy('bob', 'bob-open', 10);
  await ledger.settle();
  const closedBefore = (await get('/v1/finance/roll-forward')).closedUntil;
  ledger.clock.set(start.add({ hours: 48 }));
  // A transaction that recorded so long before the end of the day as any may last, or in its last moment, and is not over.
  for (const recordedAt of ['2026-12-25T14:30:00Z', '2026-12-25T20:29:59.999Z']) {
    const release = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const open = sql.begin(async (tx) => {
      await tx`select ${holdRecordedAt(tx, Date.parse(recordedAt))}`;
      held.resolve();
      await release.promise;
    });
    try {
      await held.promise;
      await ledger.service('ledger').runJobs();
      expect((await get('/v1/finance/roll-forward')).closedUntil).toBe(closedBefore);
    } finally {
      release.resolve();
      await open;
    }
  }
  await ledger.settle();
  expect((await get('/v1/finance/roll-forward')).closedUntil).toBe('2026-12-25T20:30:00Z');
});

test('what refunds give back of spent points goes to the months of issue it came from, though the spending is closed', async () => {
  const returns = { policy: 'allow_negative', spentPoints: 'proportional' };
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...IRAN, expiresAfterDays: 300, returns });
  ledger.clock.set('2027-01-25T08:00:00Z');
  await ledger.settle();
  // Guy will be merged into others between the refunds.
  const customers = ['fay', 'guy'];
  for (const each of customers) {
    await buy(each, `${each}-1`, 40, '2026-11-25T08:00:00Z');
    await buy(each, `${each}-2`, 40, '2026-12-25T08:00:00Z');
    await buy(each, `${each}-3`, 10);
    await ledger.settle();
    // A part of what was held is released: the order pays with points of three months of issue, the last in part.
    const held = await ledger.call('POST', `/v1/customers/${each}/reservations`, { points: 88, orderId: `${each}-4` });
    await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`, { points: 85 });
    await buy(each, `${each}-4`, 20);
  }
  await ledger.settle();
  await booksAgree('1405-07', '1405-11');
  ledger.clock.set('2027-02-25T08:00:00Z');
  await ledger.settle();
  for (const [amountMinor, from, into] of [
    [700, 'guy', 'hal'],
    [900, 'hal', 'ian'],
    [400, 'jan', 'ian'],
  ] as const) {
    await ledger.publish(
      customers.map((each) =>
        refund(each, `${each}-${amountMinor}`, { scope: 'amount', orderId: `${each}-4`, amountMinor, time: now() }),
      ),
    );
    await ledger.settle();
    await booksAgree('1405-11', '1405-12');
    const merge = { customerId: from, intoCustomerId: into };
    await ledger.publish([event(CustomerMerged, { id: newId(), source: '/t', time: now() }, merge)]);
    ledger.clock.advance('P2D');
    await ledger.settle();
  }
  const [row] = await ledger.sql('ledger')<{ points: number; times: number; owners: number }[]>`
    select sum(amount)::bigint as points, count(*) as times, count(distinct customer_id) as owners from transfer
    where kind = 'redeem_reversal'`;
  expect(row).toEqual({ points: 170, times: 6, owners: 4 });
  await booksAgree('1405-12', '1405-12');
});

test('of points that never expire the oldest are spent first, and come back last, whatever month they are of', async () => {
  const returns = { policy: 'allow_negative', spentPoints: 'proportional' };
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...IRAN, expiresAfterDays: null, returns });
  await buy('kim', 'kim-1', 40);
  await ledger.settle();
  ledger.clock.set('2027-04-05T08:00:00Z');
  await ledger.settle();
  await buy('kim', 'kim-2', 40);
  await ledger.settle();
  const held = await ledger.call('POST', '/v1/customers/kim/reservations', { points: 70, orderId: 'kim-3' });
  await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`, { points: 60 });
  await buy('kim', 'kim-3', 0);
  await booksAgree('1405-12', '1406-01');
  ledger.clock.set('2027-05-05T08:00:00Z');
  await ledger.settle();
  await ledger.send(refund('kim', 'kim-r', { scope: 'whole', orderId: 'kim-3', time: now() }));
  await booksAgree('1405-12', '1406-02');
});

test('what is paid off after a day, before it is closed, is of the next day: given back, spendable, or come with a merger', async () => {
  const night = await startLedger(
    {
      ...IRAN,
      expiresAfterDays: 300,
      returns: { policy: 'allow_negative', spentPoints: 'all' },
      activation: { kind: 'after', amount: 2, unit: 'days' },
    },
    { now: '2026-10-10T08:00:00Z' },
  );
  try {
    const at = () => night.clock.now().toString();
    const earn = (customer: string, order: string, points: number) =>
      night.send(purchase(customer, order, points * 100, { time: at() }));
    const use = async (customer: string, points: number, orderId: string) => {
      const held = await night.call('POST', `/v1/customers/${customer}/reservations`, { points, orderId });
      const url = `/v1/reservations/${held.json().reservationId}/capture`;
      expect((await night.call('POST', url)).statusCode).toBe(200);
    };
    const giveBack = (customer: string, refundId: string, orderId: string) =>
      night.send(refund(customer, refundId, { scope: 'whole', orderId, time: at() }));
    const report = async () => {
      const url = '/v1/finance/roll-forward?from=1405-07&to=1405-08&by=cohort';
      return (await night.call('GET', url)).json().months.map(({ rows }: Month) => rows);
    };
    const adjust = async (points: number) => {
      const url = '/v1/customers/eve/adjustments';
      expect((await night.call('POST', url, { points, reason: 'a mistake' })).statusCode).toBe(201);
    };
    // The first who book do so around midnight in Tehran; the clock of the second one is behind, in the day before.
    for (const instant of ['2026-10-09T20:35:00Z', '2026-10-09T20:25:00Z', '2026-10-10T08:00:00Z']) {
      night.clock.set(instant);
      await adjust(1);
    }
    for (const each of ['ann', 'bob', 'cat']) await earn(each, `${each}-1`, 100);
    night.clock.advance('P3D');
    await night.settle();
    for (const each of ['ann', 'bob', 'cat']) await use(each, 100, `${each}-paid`);
    await earn('ann', 'ann-paid', 0);
    await earn('dan', 'dan-1', 40);
    // Spendable two days later: on 1 Aban, ten minutes after midnight in Tehran.
    night.clock.set('2026-10-20T20:40:00Z');
    await earn('bob', 'bob-2', 70);
    // The last day of Mehr, and the first moment of 1 Aban.
    night.clock.set('2026-10-22T19:00:00Z');
    await adjust(5);
    night.clock.set('2026-10-22T20:30:00Z');
    await adjust(3);
    await adjust(-3);
    // 1 Aban, 00:05: nobody has closed the last day of Mehr yet.
    night.clock.set('2026-10-22T20:35:00Z');
    for (const each of ['ann', 'bob', 'cat']) await giveBack(each, `${each}-r`, `${each}-1`);
    night.clock.set('2026-10-22T20:45:00Z');
    await giveBack('ann', 'ann-r2', 'ann-paid');
    await night.send(
      event(CustomerMerged, { id: newId(), source: '/t', time: at() }, { customerId: 'dan', intoCustomerId: 'cat' }),
    );
    await night.settle();
    const before = await report();
    expect(before[1].find(({ cohort }: { cohort: string | null }) => cohort === null).points).toMatchObject({
      ...{ opening: 0, takenBack: 300, moved: 100 + 70 + 40, closing: -90 },
    });
    // A day is closed an hour after its end, no moment earlier.
    const closed = async () => (await night.call('GET', '/v1/finance/roll-forward')).json().closedUntil;
    night.clock.set('2026-10-22T21:29:59.999Z');
    await night.settle();
    expect(await closed()).toBe('2026-10-21T20:30:00Z');
    night.clock.set('2026-10-22T21:30:00Z');
    await night.settle();
    expect(await closed()).toBe('2026-10-22T20:30:00Z');
    expect(await report()).toEqual(before);
    await expectBooksToAgree(night, '1405-07', '1405-08');
    await night.verify();
  } finally {
    await night.stop();
  }
});

test('the liability rests on the age at which points were spent, though the months are closed', async () => {
  const year = await startLedger({ ...IRAN, expiresAfterDays: null }, { now: '2026-04-05T08:00:00Z' });
  try {
    const use = async (customer: string, points: number) => {
      const held = await year.call('POST', `/v1/customers/${customer}/reservations`, { points });
      const url = `/v1/reservations/${held.json().reservationId}/capture`;
      expect((await year.call('POST', url)).statusCode).toBe(200);
    };
    // In each month somebody earns 3,000; so much of it is spent in the same month, and in the ones after it.
    const spent = [1_000, 500, 300, 180];
    for (let month = 4; month <= 10; month++) {
      const time = `2026-${String(month).padStart(2, '0')}-05T08:00:00Z`;
      year.clock.set(time);
      await year.settle();
      await year.send(purchase(`c${month}`, `o${month}`, 300_000, { time }));
      for (const [age, points] of spent.entries()) if (month - age >= 4) await use(`c${month - age}`, points);
    }
    const { closedUntil, estimate } = (await year.call('GET', '/v1/finance/liability')).json();
    expect(closedUntil).toBe('2026-09-22T20:30:00Z');
    expect(estimate.factors).toMatchObject([
      { age: 0, factor: 1.5, cohorts: 5, redeemed: 5_000 },
      { age: 1, factor: 1.2, cohorts: 4, redeemed: 6_000 },
      { age: 2, factor: 1.1, cohorts: 3, redeemed: 5_400 },
    ]);
  } finally {
    await year.stop();
  }
});
