import { CustomerErased, CustomerMerged, event, Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const use = async (change: object): Promise<void> => {
  const answer = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...change });
  expect(answer.statusCode, answer.body).toBe(200);
};
const pay = async (customerId: string, points: number, orderId: string, captured = points): Promise<void> => {
  const held = await ledger.call('POST', `/v1/customers/${customerId}/reservations`, { points, orderId });
  expect(held.statusCode, held.body).toBe(201);
  const done = await ledger.call('POST', `/v1/reservations/${held.json().reservationId}/capture`, { points: captured });
  expect(done.statusCode, done.body).toBe(200);
};
const statement = async (customerId: string): Promise<[string, number][]> =>
  (await ledger.call('GET', `/v1/customers/${customerId}/statement?limit=200`))
    .json()
    .entries.map(({ kind, points }: { kind: string; points: number }) => [kind, points])
    .reverse();
const amount = (customerId: string, id: string, orderId: string, amountMinor: number, time = T0) =>
  refund(customerId, id, { scope: 'amount', orderId, amountMinor, time });

test('spent points come back in proportion to the refunded money; parts add up to the whole', async () => {
  await use({ returns: { policy: 'allow_negative', spentPoints: 'proportional' } });
  await ledger.send(purchase('ann', 'ann-0', 10_000));
  await pay('ann', 70, 'ann-1');
  await ledger.send(purchase('ann', 'ann-1', 3_000));
  expect(await ledger.balance('ann')).toMatchObject({ active: 60, spent: 70 });
  await ledger.send(amount('ann', 'ann-r1', 'ann-1', 1_000), amount('ann', 'ann-r1', 'ann-1', 1_000));
  // 70 × 1000 ÷ 3000 = 23 come back, 10 of the 30 that the order earned are taken.
  expect(await ledger.balance('ann')).toMatchObject({ active: 60 + 23 - 10, spent: 47 });
  await ledger.send(amount('ann', 'ann-r2', 'ann-1', 1_000), amount('ann', 'ann-r3', 'ann-1', 5_000));
  expect(await ledger.balance('ann')).toMatchObject({ active: 100, spent: 0, negative: 0 });
  expect((await statement('ann')).slice(-6)).toEqual([
    ['redeem_reversal', 23],
    ['clawback', -10],
    ['redeem_reversal', 23],
    ['clawback', -10],
    ['redeem_reversal', 24],
    ['clawback', -10],
  ]);
  const told = (await ledger.events(Topics.points)).filter(
    ({ subject, type }) => subject === 'ann' && type === 'points.released',
  );
  expect(told.map(({ data }) => (data as { points: number }).points)).toEqual([23, 23, 24]);
  expect(new Set(told.map(({ id }) => id)).size).toBe(3);
});

test('all of them come back when the order is refunded to the last, none before; none at all by policy', async () => {
  await use({ returns: { policy: 'within_balance', spentPoints: 'all' } });
  await ledger.send(purchase('bob', 'bob-0', 10_000));
  await pay('bob', 80, 'bob-1', 50);
  await ledger.send(purchase('bob', 'bob-1', 2_000), amount('bob', 'bob-r1', 'bob-1', 1_999));
  expect(await ledger.balance('bob')).toMatchObject({ active: 50 + 20 - 19, spent: 50 });
  await ledger.send(amount('bob', 'bob-r2', 'bob-1', 1));
  expect(await ledger.balance('bob')).toMatchObject({ active: 100, spent: 0 });
  await use({ returns: { policy: 'within_balance', spentPoints: 'none' } });
  await pay('bob', 50, 'bob-2');
  await ledger.send(purchase('bob', 'bob-2', 2_000), refund('bob', 'bob-r3', { scope: 'whole', orderId: 'bob-2' }));
  expect(await ledger.balance('bob')).toMatchObject({ active: 50, spent: 50 });
});

test('a refund that came before its order gives back too, once the order is there; so does one without a reference', async () => {
  await use({ returns: { policy: 'allow_negative', spentPoints: 'all' } });
  await ledger.send(purchase('carl', 'carl-0', 10_000));
  await pay('carl', 40, 'carl-1');
  await ledger.send(refund('carl', 'carl-r1', { scope: 'whole', orderId: 'carl-1' }));
  expect(await ledger.balance('carl')).toMatchObject({ active: 60, spent: 40 });
  await ledger.send(purchase('carl', 'carl-1', 5_000));
  expect(await ledger.balance('carl')).toMatchObject({ active: 100, spent: 0 });
  await pay('carl', 40, 'carl-2');
  await ledger.send(purchase('carl', 'carl-2', 500, { time: '2026-11-21T08:00:01Z' }));
  await ledger.send(refund('carl', 'carl-r2', { scope: 'amount', amountMinor: 500, time: '2026-11-21T08:00:02Z' }));
  expect(await ledger.balance('carl')).toMatchObject({ active: 100, spent: 0 });
});

test('an order paid with points alone is given back when it is refunded as a whole', async () => {
  await use({ returns: { policy: 'allow_negative', spentPoints: 'proportional' } });
  await ledger.send(purchase('dora', 'dora-0', 10_000));
  await pay('dora', 30, 'dora-1');
  await pay('dora', 20, 'dora-1');
  await ledger.send(purchase('dora', 'dora-1', 0), refund('dora', 'dora-r', { scope: 'whole', orderId: 'dora-1' }));
  expect(await ledger.balance('dora')).toMatchObject({ active: 100, spent: 0 });
  const [row] = await ledger.sql('ledger')`select points_given_back from refund where refund_id = 'dora-r'`;
  expect(row).toEqual({ points_given_back: 50 });
});

test('what is given back keeps its expiry: past it, it expires again at once', async () => {
  await use({ expiresAfterDays: 10, returns: { policy: 'allow_negative', spentPoints: 'all' } });
  await ledger.send(
    purchase('eve', 'eve-0', 6_000, { time: '2026-11-12T10:00:00Z' }),
    purchase('eve', 'eve-00', 4_000, { time: '2026-11-20T10:00:00Z' }),
  );
  await pay('eve', 80, 'eve-1');
  await ledger.send(purchase('eve', 'eve-1', 1_000));
  ledger.clock.set(Temporal.Instant.from('2026-11-24T08:00:00Z'));
  await ledger.send(refund('eve', 'eve-r', { scope: 'whole', orderId: 'eve-1', time: '2026-11-24T07:00:00Z' }));
  expect(await ledger.balance('eve')).toMatchObject({ active: 40, spent: 0, expired: 60, earned: 110 });
  expect((await statement('eve')).slice(-3)).toEqual([
    ['redeem_reversal', 80],
    ['expire', -60],
    ['clawback', -10],
  ]);
  expect((await ledger.balance('eve')).nextExpiration).toMatchObject({ points: 40 });
});

test('what is owed is paid off with what comes back', async () => {
  await use({ returns: { policy: 'allow_negative', spentPoints: 'all' } });
  await ledger.send(purchase('finn', 'finn-0', 5_000));
  await pay('finn', 50, 'finn-1');
  await ledger.send(
    purchase('finn', 'finn-1', 100),
    refund('finn', 'finn-r0', { scope: 'whole', orderId: 'finn-0' }),
    refund('finn', 'finn-r1', { scope: 'whole', orderId: 'finn-1' }),
  );
  expect(await ledger.balance('finn')).toMatchObject({ active: 0, negative: 0, spent: 0 });
});

test('given back goes to the one who lives on; an erased customer is given nothing', async () => {
  await use({ returns: { policy: 'allow_negative', spentPoints: 'all' } });
  await ledger.send(purchase('old', 'old-0', 5_000), purchase('gone', 'gone-0', 5_000));
  await pay('old', 20, 'old-1');
  await pay('gone', 20, 'gone-1');
  await ledger.send(
    purchase('old', 'old-1', 1_000),
    purchase('gone', 'gone-1', 1_000),
    event(CustomerMerged, { id: newId(), source: '/test', time: T0 }, { customerId: 'old', intoCustomerId: 'new' }),
    event(CustomerErased, { id: newId(), source: '/test', time: T0 }, { customerId: 'gone' }),
  );
  await ledger.send(
    refund('old', 'old-r', { scope: 'whole', orderId: 'old-1' }),
    refund('gone', 'gone-r', { scope: 'whole', orderId: 'gone-1' }),
  );
  expect(await ledger.balance('new')).toMatchObject({ active: 50 });
  expect(await ledger.balance('gone')).toMatchObject({ active: 0, spent: 0 });
});

test('captured after its order was refunded, it gives back what the refund would have', async () => {
  await use({ returns: { policy: 'within_balance', spentPoints: 'proportional' } });
  await ledger.send(purchase('late', 'late-0', 20_000));
  const hold = async (points: number, orderId: string): Promise<string> =>
    (await ledger.call('POST', '/v1/customers/late/reservations', { points, orderId })).json().reservationId;
  const capture = async (id: string, points: number) => {
    const answer = await ledger.call('POST', `/v1/reservations/${id}/capture`, { points });
    expect(answer.statusCode, answer.body).toBe(200);
    return answer.json();
  };
  await pay('late', 10, 'late-1');
  const held = [await hold(50, 'late-1'), await hold(20, 'late-1')] as const;
  await ledger.send(purchase('late', 'late-1', 3_000), amount('late', 'late-r1', 'late-1', 1_000));
  // 10 × 1000 ÷ 3000 of what was captured before; the rest is held.
  expect(await ledger.balance('late')).toMatchObject({ active: 120 + 3 + 20, reserved: 70, spent: 7 });
  // 50 of the 60 that paid: 20 in all are due back, 3 of them are back already.
  expect(await capture(held[0], 50)).toMatchObject({
    ...{ capturedPoints: 50, releasedPoints: 0, givenBackPoints: 17 },
    balance: { active: 143 + 17, reserved: 20, spent: 40 },
  });
  await ledger.send(amount('late', 'late-r2', 'late-1', 1_000));
  expect(await ledger.balance('late')).toMatchObject({ active: 160 + 20 - 10, spent: 20 });
  await ledger.send(amount('late', 'late-r3', 'late-1', 1_000));
  expect(await ledger.balance('late')).toMatchObject({ active: 170 + 20 - 10, spent: 0 });
  expect(await capture(held[1], 15)).toMatchObject({ capturedPoints: 15, releasedPoints: 5, givenBackPoints: 15 });
  expect(await ledger.balance('late')).toMatchObject({ active: 200, reserved: 0, spent: 0 });
  const entries = await statement('late');
  expect(entries.slice(-2)).toEqual([
    ['redeem', -15],
    ['redeem_reversal', 15],
  ]);

  // Paid with points alone: only a refund of the whole counts.
  const free = await hold(30, 'late-2');
  await ledger.send(purchase('late', 'late-2', 0), refund('late', 'late-r4', { scope: 'whole', orderId: 'late-2' }));
  expect(await capture(free, 30)).toMatchObject({ givenBackPoints: 30, balance: { active: 200, spent: 0 } });
  const kept = await hold(30, 'late-3');
  await ledger.send(purchase('late', 'late-3', 0));
  expect(await capture(kept, 30)).not.toHaveProperty('givenBackPoints');
  await use({ returns: { policy: 'within_balance', spentPoints: 'none' } });
  const gone = await hold(30, 'late-1');
  expect(await capture(gone, 30)).not.toHaveProperty('givenBackPoints');
});

test('points that a reservation held are taken when it is given back, and stay spent when it is captured', async () => {
  await use({ returns: { policy: 'within_balance', spentPoints: 'none' } });
  const hold = async (who: string, points: number, ttlSeconds = 900): Promise<string> =>
    (await ledger.call('POST', `/v1/customers/${who}/reservations`, { points, ttlSeconds })).json().reservationId;
  const end = async (id: string, how: string, body?: object) => {
    const answer = await ledger.call('POST', `/v1/reservations/${id}/${how}`, body);
    expect(answer.statusCode, answer.body).toBe(200);
    return answer.json();
  };
  const refundWhole = (who: string) => ledger.send(refund(who, `${who}-r`, { scope: 'whole', orderId: `${who}-1` }));
  const buy = (who: string) => ledger.send(purchase(who, `${who}-1`, 10_000));

  await buy('hel');
  const held = await hold('hel', 100);
  await refundWhole('hel');
  expect(await ledger.balance('hel')).toMatchObject({ active: 0, reserved: 100, negative: 0 });
  // What comes later is not what was refunded.
  await ledger.send(purchase('hel', 'hel-2', 3_000));
  expect(await end(held, 'release')).toMatchObject({ releasedPoints: 100, balance: { active: 30, reserved: 0 } });
  expect(await ledger.balance('hel')).toMatchObject({ active: 30, negative: 0 });
  await ledger.settle();
  const told = (await ledger.events(Topics.points)).filter(({ subject }) => subject === 'hel');
  expect(told.map(({ type }) => type)).toEqual([
    ...['points.earned', 'points.earned', 'points.released', 'points.clawed_back'],
  ]);
  const [row] = await ledger.sql('ledger')`select points_taken, matches, held from refund where refund_id = 'hel-r'`;
  expect(row).toEqual({ points_taken: 100, matches: [['hel-1', 10_000, 100, 100]], held: null });

  await buy('cap');
  const captured = [await hold('cap', 60), await hold('cap', 40)] as const;
  await refundWhole('cap');
  expect(await end(captured[0], 'capture', { points: 50 })).toMatchObject({ releasedPoints: 10 });
  expect(await ledger.balance('cap')).toMatchObject({ active: 0, reserved: 40, spent: 50 });
  await end(captured[1], 'release');
  expect(await ledger.balance('cap')).toMatchObject({ active: 0, reserved: 0, spent: 50 });

  await buy('out');
  await hold('out', 80, 60);
  await refundWhole('out');
  expect(await ledger.balance('out')).toMatchObject({ active: 0, reserved: 80 });
  ledger.clock.advance({ minutes: 2 });
  await ledger.settle();
  await ledger.service('ledger').runJobs();
  expect(await ledger.balance('out')).toMatchObject({ active: 0, reserved: 0, spent: 0 });
});

test('a refund by line takes the points of the lines that are returned, so that keeping the bonus alone is not possible', async () => {
  await use({
    returns: { policy: 'within_balance', spentPoints: 'none' },
    rules: [
      {
        ...{ id: 'of-a', name: 'of a', order: 1, trigger: { on: 'purchase' } },
        effect: { kind: 'per_amount', points: 10, perMinor: 100, currency: 'EUR', lines: { sku: ['a'] } },
      },
    ],
  });
  const line = (sku: string) => ({ sku, quantity: 1, amountMinor: 5_000 });
  const [a, b] = [line('a'), line('b')];
  const back = (who: string, id: string, ...lines: (typeof a)[]) =>
    refund(who, `${who}-${id}`, { scope: 'lines', orderId: `${who}-1`, lines });
  await ledger.send(...['ret-a', 'ret-b'].map((who) => purchase(who, `${who}-1`, 10_000, { lines: [a, b] })));
  await ledger.send(back('ret-a', 'r1', a), back('ret-b', 'r1', b));
  expect(await ledger.balance('ret-a')).toMatchObject({ active: 50, earned: 600 });
  expect(await ledger.balance('ret-b')).toMatchObject({ active: 550 });
  await ledger.send(back('ret-a', 'r2', b), back('ret-b', 'r2', a));
  expect(await ledger.balance('ret-a')).toMatchObject({ active: 0 });
  expect(await ledger.balance('ret-b')).toMatchObject({ active: 0 });
  await use({});
});

test('several payments of one order come back to the last, whatever the parts of the refund are', async () => {
  await use({ returns: { policy: 'within_balance', spentPoints: 'proportional' } });
  await ledger.send(purchase('two', 'two-0', 10_000));
  await pay('two', 10, 'two-1');
  await pay('two', 10, 'two-1');
  await ledger.send(purchase('two', 'two-1', 2_000), amount('two', 'two-r1', 'two-1', 1_000));
  expect(await ledger.balance('two')).toMatchObject({ spent: 10 });
  await ledger.send(amount('two', 'two-r2', 'two-1', 1_000));
  expect(await ledger.balance('two')).toMatchObject({ spent: 0, active: 100 });
});

/** The same refund, once with the sweep before it and once without. Days count from the beginning of each. */
const bothWays = async (name: string, refundDay: number): Promise<unknown[]> => {
  const outcomes: unknown[] = [];
  for (const swept of [true, false]) {
    const who = `${name}-${swept}`;
    const start = ledger.clock.now();
    const at = (days: number): string => start.add({ hours: 24 * days }).toString();
    await ledger.send(purchase(who, `${who}-1`, 3_000, { time: at(-1) }));
    await pay(who, 10, `${who}-x`);
    ledger.clock.advance({ days: 14 });
    if (swept) await ledger.settle();
    await ledger.send(refund(who, `${who}-r`, { scope: 'whole', orderId: `${who}-1`, time: at(refundDay) }));
    const { customerId: _, ...balance } = await ledger.balance(who);
    outcomes.push([balance, await statement(who)]);
  }
  return outcomes;
};

test('taken back or expired: the time of the refund decides, not when the sweep came by', async () => {
  await use({ expiresAfterDays: 10, returns: { policy: 'within_balance', spentPoints: 'none' } });
  const before = await bothWays('before', 4);
  expect(before[0]).toEqual(before[1]);
  expect(before[0]).toEqual([
    expect.objectContaining({ active: 0, expired: 0, spent: 10, negative: 0 }),
    [
      ['earn', 30],
      ['redeem', -10],
      ['expire', -20],
      ['expire_reversal', 20],
      ['clawback', -20],
    ],
  ]);
  const after = await bothWays('after', 10);
  expect(after[0]).toEqual(after[1]);
  expect(after[0]).toEqual([
    expect.objectContaining({ active: 0, expired: 20, spent: 10 }),
    [
      ['earn', 30],
      ['redeem', -10],
      ['expire', -20],
    ],
  ]);
});

test('an expiry is taken back without touching what is owed', async () => {
  await use({ expiresAfterDays: 10, returns: { policy: 'allow_negative', spentPoints: 'none' } });
  const start = ledger.clock.now();
  const at = (days: number): string => start.add({ hours: 24 * days }).toString();
  await ledger.send(
    purchase('owe', 'owe-1', 2_000, { time: at(-6) }),
    purchase('owe', 'owe-2', 1_000, { time: at(-11) }),
  );
  await pay('owe', 20, 'owe-x');
  ledger.clock.advance({ days: 14 });
  await ledger.settle();
  await ledger.send(refund('owe', 'owe-r1', { scope: 'whole', orderId: 'owe-1', time: at(1) }));
  expect(await ledger.balance('owe')).toMatchObject({ active: 0, negative: 20, expired: 10 });
  await ledger.send(refund('owe', 'owe-r2', { scope: 'whole', orderId: 'owe-2', time: at(-2) }));
  expect(await ledger.balance('owe')).toMatchObject({ active: 0, negative: 20, expired: 0 });
});

test('only what is pending still of the order goes, where the policy says so', async () => {
  await use({
    activation: { kind: 'after', amount: 5, unit: 'days' },
    returns: { policy: 'only_pending', spentPoints: 'none' },
  });
  const start = ledger.clock.now();
  const at = (days: number): string => start.add({ hours: 24 * days }).toString();
  await ledger.send(
    purchase('pen', 'pen-1', 2_000, { time: at(0) }),
    purchase('pen', 'pen-2', 3_000, { time: at(-3) }),
    purchase('pen', 'pen-3', 1_000, { time: at(-9) }),
  );
  expect(await ledger.balance('pen')).toMatchObject({ active: 10, pending: 50 });
  await ledger.send(amount('pen', 'pen-r1', 'pen-1', 500, at(0)), amount('pen', 'pen-r3', 'pen-3', 1_000, at(0)));
  expect(await ledger.balance('pen')).toMatchObject({ active: 10, pending: 45 });
  // Whether the sweep has been by or not: the second order's points are spendable now.
  ledger.clock.advance({ days: 3 });
  await ledger.send(amount('pen', 'pen-r2', 'pen-2', 3_000, at(2)));
  expect(await ledger.balance('pen')).toMatchObject({ active: 40, pending: 15, negative: 0 });
});

test('what was pending at the time of the refund goes, however late the refund, or its order, came', async () => {
  await use({
    activation: { kind: 'after', amount: 2, unit: 'days' },
    returns: { policy: 'only_pending', spentPoints: 'none' },
  });
  const now = ledger.clock.now();
  const ago = (hours: number): string => now.subtract({ hours }).toString();
  const bought = (who: string) => purchase(who, `${who}-1`, 10_000, { time: ago(72) });
  const back = (who: string, hours: number) => amount(who, `${who}-r`, `${who}-1`, 10_000, ago(hours));
  await ledger.send(bought('lat'), back('lat', 60));
  expect(await ledger.balance('lat')).toMatchObject({ active: 0, pending: 0, negative: 0 });
  await ledger.send(back('ear', 60), bought('ear'));
  expect(await ledger.balance('ear')).toMatchObject({ active: 0, pending: 0, negative: 0 });
  await ledger.send(bought('too'), back('too', 23));
  expect(await ledger.balance('too')).toMatchObject({ active: 100 });
  // It became spendable here; some was spent, which other points pay for now.
  await ledger.send(
    purchase('spe', 'spe-1', 10_000, { time: ago(1) }),
    purchase('spe', 'spe-2', 3_000, { time: ago(0) }),
  );
  ledger.clock.advance({ days: 3 });
  await ledger.settle();
  await pay('spe', 80, 'spe-x');
  await ledger.send(back('spe', 0));
  expect(await ledger.balance('spe')).toMatchObject({ active: 0, spent: 80, negative: 0 });
});
