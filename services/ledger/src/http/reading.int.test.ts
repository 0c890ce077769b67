import { CustomerMerged, event } from '@vafa/contracts';
import { createApiKey } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger({ expiresAfterDays: 30 });
  await ledger.publish(
    Array.from({ length: 25 }, (_, i) =>
      purchase('bob', `bob-${i}`, 100 * (i + 1), {
        time: `2026-11-${String((i % 20) + 1).padStart(2, '0')}T10:00:00Z`,
      }),
    ),
  );
  await ledger.settle();
  await ledger.send(refund('bob', 'bob-r', { scope: 'amount', orderId: 'bob-24', amountMinor: 500 }));
  await ledger.call('POST', '/v1/customers/bob/adjustments', { points: -40, reason: '=1+1, "hello"' });
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const get = async (url: string) => (await ledger.call('GET', url)).json();

/** All pages of a list. */
const all = async <Item>(url: string, list: string): Promise<Item[]> => {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await get(`${url}${url.includes('?') ? '&' : '?'}limit=7${cursor ? `&cursor=${cursor}` : ''}`);
    items.push(...page[list]);
    cursor = page.nextCursor;
  } while (cursor);
  return items;
};

interface Entry {
  kind: string;
  points: number;
  balanceAfter: number;
  occurredAt: string;
}

test('a statement by kind, by time, in both orders', async () => {
  const url = '/v1/customers/bob/statement';
  const newest = await all<Entry>(url, 'entries');
  expect(newest).toHaveLength(27);
  // Nothing comes after a page that is just full.
  for (const [list, count] of [
    ['statement?', 27],
    ['lots?state=all&', 25],
  ] as const) {
    expect(await get(`/v1/customers/bob/${list}limit=${count}`)).not.toHaveProperty('nextCursor');
    expect(await get(`/v1/customers/bob/${list}limit=${count - 1}`)).toHaveProperty('nextCursor');
  }
  expect(await all<Entry>(`${url}?order=oldest_first`, 'entries')).toEqual(newest.toReversed());
  expect(await all<Entry>(`${url}?kind=clawback,adjust`, 'entries')).toEqual(
    newest.filter(({ kind }) => kind !== 'earn'),
  );
  expect(await all<Entry>(`${url}?kind=earn`, 'entries')).toEqual(newest.filter(({ kind }) => kind === 'earn'));
  const since = '2026-11-09T00:00:00Z';
  expect(await all<Entry>(`${url}?from=${since}&order=oldest_first`, 'entries')).toEqual(
    newest.toReversed().filter(({ occurredAt }) => occurredAt >= since),
  );
  // At the very instants of entries: the first is in it, the end is not.
  const [from, until] = ['2026-11-05T10:00:00Z', '2026-11-07T10:00:00Z'];
  const within = await all<Entry>(`${url}?from=${from}&until=${until}`, 'entries');
  expect(within).toEqual(newest.filter(({ occurredAt }) => occurredAt >= from && occurredAt < until));
  expect(within).toHaveLength(3);
  for (const query of ['kind=nothing', 'kind=earn,', 'from=yesterday', 'order=random'])
    expect((await ledger.call('GET', `${url}?${query}`)).statusCode).toBe(400);
});

test('lots: open ones as they will be spent, all of them newest first', async () => {
  interface Lot {
    lotId: string;
    remaining: number;
    granted: number;
    expiresAt: string;
  }
  const open = await all<Lot>('/v1/customers/bob/lots', 'lots');
  const found = await all<Lot>('/v1/customers/bob/lots?state=all', 'lots');
  expect(found).toHaveLength(25);
  expect(found.map(({ lotId }) => lotId)).toEqual(
    found
      .map(({ lotId }) => lotId)
      .sort()
      .reverse(),
  );
  expect(open).toHaveLength(found.filter(({ remaining }) => remaining > 0).length);
  expect(open.length).toBeLessThan(25);
  const key = ({ expiresAt, lotId }: Lot) => `${expiresAt} ${lotId}`;
  expect(open.map(key)).toEqual(open.map(key).sort());
  expect(new Set(open.map(({ lotId }) => lotId)).size).toBe(open.length);
  expect(open.reduce((sum, { remaining }) => sum + remaining, 0)).toBe((await ledger.balance('bob')).active);
  expect(await get('/v1/customers/stranger/lots')).toEqual({ lots: [] });
  const id = '00000000-0000-0000-0000-000000000000';
  const cursors = [
    'x',
    `9999999999999999_${id}`,
    `999999999999999_${id}`,
    `-999999999999999_${id}`,
    `1_${'-'.repeat(36)}`,
  ];
  for (const query of [
    ...cursors.flatMap((each) => [`cursor=${each}`, `state=pending&cursor=${each}`]),
    'state=closed',
    'limit=0',
  ])
    expect((await ledger.call('GET', `/v1/customers/bob/lots?${query}`)).statusCode).toBe(400);
});

test('lots that never expire come last, over the border of pages', async () => {
  await ledger.call('PUT', '/v1/programme', {
    ...PROGRAMME,
    expiresAfterDays: null,
  });
  for (let i = 0; i < 8; i++)
    await ledger.call('POST', '/v1/customers/eva/adjustments', { points: i + 1, reason: 'hello' });
  const lots = await all<{ expiresAt: string | null; granted: number }>('/v1/customers/eva/lots', 'lots');
  expect(lots.map(({ granted }) => granted).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  const bob = await all<{ expiresAt: string | null }>('/v1/customers/bob/lots', 'lots');
  expect(bob.at(-1)?.expiresAt).not.toBeNull();
  // A page may end with the last that expires.
  await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, expiresAfterDays: 30 });
  for (let i = 0; i < 7; i++)
    await ledger.call('POST', '/v1/customers/eva/adjustments', { points: 9, reason: 'hello' });
  const mixed = await all<{ expiresAt: string | null }>('/v1/customers/eva/lots', 'lots');
  expect(mixed.map(({ expiresAt }) => expiresAt === null)).toEqual([
    ...Array.from({ length: 7 }, () => false),
    ...Array.from({ length: 8 }, () => true),
  ]);
  await ledger.call('PUT', '/v1/programme', PROGRAMME);
});

test('pending lots come as they become spendable, over the border of pages', async () => {
  const waiting = (days: number) => ({ ...PROGRAMME, activation: { kind: 'after', amount: days, unit: 'days' } });
  for (const [days, orders] of [
    [5, 4],
    [3, 8],
  ] as const) {
    expect((await ledger.call('PUT', '/v1/programme', waiting(days))).statusCode).toBe(200);
    await ledger.send(...Array.from({ length: orders }, (_, i) => purchase('gil', `gil-${days}-${i}`, 100)));
  }
  const lots = await all<{ lotId: string; pendingUntil: string }>('/v1/customers/gil/lots?state=pending', 'lots');
  const keys = lots.map(({ lotId, pendingUntil }) => `${pendingUntil} ${lotId}`);
  expect(keys).toEqual([...new Set(keys)].sort());
  expect(keys).toHaveLength(12);
  // None is pending for ever: after that comes nothing, not the first page once more.
  const after = await ledger.call('GET', `/v1/customers/gil/lots?state=pending&cursor=never_${lots[0]?.lotId}`);
  expect(after.json()).toEqual({ lots: [] });
  expect((await ledger.call('PUT', '/v1/programme', PROGRAMME)).statusCode).toBe(200);
});

test('a statement as a file: CSV for spreadsheets, NDJSON for machines, resumed where it broke off', async () => {
  const url = '/v1/customers/bob/statement/export';
  const answer = await ledger.call('GET', `${url}?format=ndjson`);
  expect(answer.headers['content-type']).toBe('application/x-ndjson');
  const lines = answer.body.trimEnd().split('\n');
  const rows = lines.map((line) => JSON.parse(line));
  expect(rows.map(({ number }: { number: number }) => number)).toEqual(Array.from({ length: 27 }, (_, i) => i + 1));
  expect(rows[26]).toMatchObject({ kind: 'adjust', points: -40, reason: '=1+1, "hello"', explanation: null });
  const rest = await ledger.call('GET', `${url}?format=ndjson&cursor=20`);
  expect(rest.body.trimEnd().split('\n')).toEqual(lines.slice(20));

  const csv = await ledger.call('GET', `${url}?format=csv&bom=true&kind=adjust`);
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(csv.headers['content-disposition']).toBe('attachment; filename="statement.csv"');
  const [names, line, end] = csv.body.split('\r\n');
  expect(names).toMatch(/^\ufeffnumber,entryId,kind,points,pendingPoints,balanceAfter,/);
  expect(line).toContain(`,adjust,-40,`);
  expect(line).toContain(`"'=1+1, ""hello"""`);
  expect(end).toBe('');
  expect((await ledger.call('GET', url)).statusCode).toBe(400);
});

test('why an order earned what it did, and what was taken back', async () => {
  expect(await get('/v1/orders/bob-24/earnings')).toMatchObject({
    orderId: 'bob-24',
    customerId: 'bob',
    currency: 'EUR',
    totalMinor: 2_500,
    refundedMinor: 500,
    pointsEarned: 25,
    pointsTakenBack: 5,
    earnings: [
      { points: 25, ruleId: 'base', ruleVersion: 1, explanation: { text: '25 = 25 base' }, lot: { granted: 25 } },
    ],
    takenBack: [{ points: 5, refundId: 'bob-r' }],
    refunds: [{ refundId: 'bob-r', status: 'applied', amountMinor: 500, pointsDue: 5, pointsTaken: 5 }],
  });
  await ledger.send(purchase('bob', 'nothing', 99), purchase('bob', 'dollars', 5_000, { currency: 'USD' }));
  expect(await get('/v1/orders/nothing/earnings')).toMatchObject({ note: 'nothing_earned', earnings: [] });
  expect(await get('/v1/orders/dollars/earnings')).toMatchObject({ note: 'no_rate', pointsEarned: 0, earnings: [] });
  expect(await get('/v1/orders/unheard-of/earnings')).toMatchObject({ status: 404, code: 'ledger.order_not_found' });
});

test('a refund without an order shows at the orders it took from; merged customers keep their story', async () => {
  await ledger.send(purchase('cat', 'cat-1', 1_000, { time: '2026-11-01T10:00:00Z' }));
  await ledger.send(refund('cat', 'cat-r', { scope: 'amount', amountMinor: 300 }));
  await ledger.publish([
    event(CustomerMerged, { id: 'm1', source: '/test', time: T0 }, { customerId: 'cat', intoCustomerId: 'dan' }),
  ]);
  await ledger.settle();
  expect(await get('/v1/orders/cat-1/earnings')).toMatchObject({
    customerId: 'dan',
    earnings: [{ points: 10 }],
    takenBack: [{ points: 3, refundId: 'cat-r' }],
    refunds: [{ refundId: 'cat-r', amountMinor: 300, pointsTaken: 3 }],
  });
  expect((await get('/v1/customers/dan/lots?state=all')).lots).toMatchObject([{ orderId: 'cat-1', remaining: 7 }]);
  expect(await get('/v1/customers/cat/lots?state=all')).toEqual(await get('/v1/customers/dan/lots?state=all'));
});

test('what of a refund no order had is told', async () => {
  const lines = [{ sku: 'never-bought', quantity: 1, amountMinor: 70 }];
  await ledger.publish([
    purchase('fay', 'fay-1', 1_000, { lines: [{ sku: 'bought', quantity: 1, amountMinor: 1_000 }] }),
    refund('fay', 'fay-r1', { scope: 'lines', orderId: 'fay-1', lines }),
    refund('fay', 'fay-r2', { scope: 'amount', orderId: 'fay-1', amountMinor: 400 }),
    refund('fay', 'fay-r3', { scope: 'amount', amountMinor: 800 }),
  ]);
  await ledger.settle();
  const { refunds } = await get('/v1/orders/fay-1/earnings');
  const told = refunds.map(({ refundId, amountMinor, unmatchedMinor }: Record<string, unknown>) => [
    refundId,
    amountMinor,
    unmatchedMinor,
  ]);
  expect(told).toEqual([
    ['fay-r1', 0, 70],
    ['fay-r2', 400, undefined],
    ['fay-r3', 600, 200],
  ]);
});

test('each door asks for its scope', async () => {
  const keyWith = async (scope: 'ledger:read' | 'finance:read') => {
    const key = await createApiKey(ledger.admin, { name: scope, scopes: [scope] }, ledger.clock.now());
    return (url: string) => ledger.call('GET', url, undefined, { authorization: `Bearer ${key.secret}` });
  };
  const [reader, accountant] = [await keyWith('ledger:read'), await keyWith('finance:read')];
  const reads = [
    '/v1/customers/bob/lots',
    '/v1/customers/bob/statement/export?format=csv',
    '/v1/orders/bob-1/earnings',
  ];
  const books = ['/v1/finance/roll-forward', '/v1/finance/liability', '/v1/finance/entries?format=csv'];
  for (const url of reads) expect([url, (await reader(url)).statusCode]).toEqual([url, 200]);
  for (const url of books) expect([url, (await accountant(url)).statusCode]).toEqual([url, 200]);
  for (const url of books) expect([url, (await reader(url)).json().scope]).toEqual([url, 'finance:read']);
  for (const url of reads) expect([url, (await accountant(url)).json().scope]).toEqual([url, 'ledger:read']);
});

test('a balance is of one moment, also while somebody books', async () => {
  const give = (points: number) => ledger.call('POST', '/v1/customers/busy/adjustments', { points, reason: 'test' });
  expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, expiresAfterDays: 30 })).statusCode).toBe(200);
  await give(1);
  const writing = (async () => {
    for (let i = 0; i < 150; i++) await give(1);
  })();
  let done = false;
  writing.finally(() => {
    done = true;
  });
  const read = async (): Promise<[number, number][]> => {
    const seen: [number, number][] = [];
    while (!done) {
      const { active, nextExpiration } = await ledger.balance('busy');
      seen.push([active, nextExpiration.points]);
    }
    return seen;
  };
  const seen = (await Promise.all([read(), read(), read()])).flat();
  await writing;
  expect(seen.length).toBeGreaterThan(50);
  expect(seen.filter(([active, expiring]) => active !== expiring)).toEqual([]);
  expect((await ledger.call('PUT', '/v1/programme', PROGRAMME)).statusCode).toBe(200);
});

test('what an order earned is told in the order of the rules, whoever had to wait for caps', async () => {
  const ids = ['one', 'two', 'three', 'four', 'five'];
  const rules = ids.map((id, order) => ({
    ...{ id, name: id, order, trigger: { on: 'purchase' }, effect: { kind: 'fixed', points: order + 1 } },
  }));
  const use = async (rules_: object[]) =>
    expect((await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, rules: rules_ })).statusCode).toBe(200);
  await use(rules);
  await ledger.send(purchase('eve', 'eve-1', 1_000), purchase('eve', 'eve-2', 1_000));
  const caps = { perCustomer: [{ limit: 1, unit: 'awards', per: 'day' }], beyond: 'reduce' };
  await use(rules.map((rule) => ({ ...rule, caps })));
  await ledger.send(purchase('eve', 'eve-3', 1_000), refund('eve', 'eve-r', { scope: 'whole', orderId: 'eve-3' }));
  for (const orderId of ['eve-1', 'eve-2', 'eve-3']) {
    const told = await get(`/v1/orders/${orderId}/earnings`);
    expect(
      told.earnings.map(({ ruleId }: { ruleId: string }) => ruleId),
      orderId,
    ).toEqual(['base', ...ids]);
  }
  const { takenBack } = await get('/v1/orders/eve-3/earnings');
  expect(takenBack.map(({ points }: { points: number }) => points)).toEqual([10, 1, 2, 3, 4, 5]);
});
