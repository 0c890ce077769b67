import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAMME, purchase } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger(null);
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

test('without a programme purchases are kept and earn nothing', async () => {
  expect((await ledger.call('GET', '/v1/programme')).json()).toMatchObject({
    status: 404,
    code: 'ledger.no_programme',
  });
  await ledger.send(purchase('ann', 'ann-0', 5_000));
  expect(await ledger.balance('ann')).toMatchObject({ active: 0, earned: 0 });
  const [row] = await ledger.sql('ledger')`select note, programme_version from purchase where order_id = 'ann-0'`;
  expect(row).toEqual({ note: 'no_programme', programme_version: null });
});

test('every change is a version with who and when, and counts for what is booked after it', async () => {
  const first = await ledger.call('PUT', '/v1/programme', PROGRAMME);
  expect(first.statusCode).toBe(200);
  expect(first.json()).toMatchObject({ ...PROGRAMME, version: 1, createdAt: '2026-11-21T08:00:00Z' });
  await ledger.send(purchase('ann', 'ann-1', 5_000));
  const double = { ...PROGRAMME, rates: [{ currency: 'EUR', points: 2, perMinor: 100 }] };
  expect((await ledger.call('PUT', '/v1/programme', double)).json().version).toBe(2);
  await ledger.send(purchase('ann', 'ann-2', 5_000));
  expect(await ledger.balance('ann')).toMatchObject({ active: 150 });
  const { entries } = (await ledger.call('GET', '/v1/customers/ann/statement')).json();
  expect(
    entries.map(({ points, ruleVersion }: { points: number; ruleVersion: number }) => [points, ruleVersion]),
  ).toEqual([
    [100, 2],
    [50, 1],
  ]);
  expect((await ledger.call('GET', '/v1/programme')).json()).toMatchObject({ ...double, version: 2 });
  const page = (await ledger.call('GET', '/v1/programme/versions?limit=1')).json();
  expect(page).toMatchObject({ versions: [{ version: 2 }], nextCursor: '2' });
  const rest = (await ledger.call('GET', '/v1/programme/versions?cursor=2')).json();
  expect(rest).toMatchObject({ versions: [{ version: 1, ...PROGRAMME }] });
  expect(rest.versions[0].actor).toBe(page.versions[0].actor);
  expect(rest.nextCursor).toBeUndefined();
});

test('two changes at once become two versions', async () => {
  const answers = await Promise.all(
    Array.from({ length: 5 }, (_, i) => ledger.call('PUT', '/v1/programme', { ...PROGRAMME, name: `Club ${i}` })),
  );
  const versions = answers.map((answer) => answer.json().version as number).sort((a, b) => a - b);
  const start = versions[0] ?? 0;
  expect(versions).toEqual([0, 1, 2, 3, 4].map((i) => start + i));
});

test.each([
  ['/rates/1/currency', { rates: [PROGRAMME.rates[0], PROGRAMME.rates[0]] }],
  ['/timeZone', { timeZone: 'Europe/Atlantis' }],
  ['/timeZone', { timeZone: '+03:30' }],
  ['/timeZone', { timeZone: '2026-01-01T00:00+03:30[Asia/Tehran]' }],
  ['/rates/0/currency', { rates: [{ currency: 'XXQ', points: 1, perMinor: 1 }] }],
  ['/rounding', { rounding: 'up' }],
  ['/rates/0/perMinor', { rates: [{ currency: 'EUR', points: 1, perMinor: 0 }] }],
  ['/surprise', { surprise: 1 }],
])('a programme that makes no sense is refused, naming %s', async (path, wrong) => {
  const answer = await ledger.call('PUT', '/v1/programme', { ...PROGRAMME, ...wrong });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().problems[0].path).toBe(path);
});

test('the entries and the versions can not be changed, not even by SQL', async () => {
  const sql = ledger.sql('ledger');
  const refused = { code: '23001' };
  await expect(sql`update transfer set amount = amount + 1`).rejects.toMatchObject(refused);
  await expect(sql`delete from transfer`).rejects.toMatchObject(refused);
  await expect(ledger.admin`truncate ledger.transfer`).rejects.toMatchObject(refused);
  await expect(sql`update programme_version set actor = 'me'`).rejects.toMatchObject(refused);
  const cheat = sql.begin(async (tx) => {
    await tx`select set_config('vafa.erasing', 'on', true)`;
    await tx`update transfer set customer_id = 'erased:x', reason = null, amount = amount + 1`;
  });
  await expect(cheat).rejects.toMatchObject(refused);
  const [sum] = await sql`select sum(points)::bigint as points, count(*) as legs from entries`;
  expect(sum).toEqual({ points: 0, legs: 4 });
});

test('every door is described', async () => {
  const { paths } = (await ledger.call('GET', '/openapi.json')).json();
  const doors = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(doors).toEqual(
    expect.arrayContaining([
      'GET /v1/programme',
      'PUT /v1/programme',
      'GET /v1/programme/versions',
      'GET /v1/customers/{customerId}/balance',
      'GET /v1/customers/{customerId}/statement',
      'POST /v1/customers/{customerId}/adjustments',
      'POST /v1/customers/{customerId}/reservations',
      'GET /v1/reservations/{reservationId}',
      'POST /v1/reservations/{reservationId}/capture',
      'POST /v1/reservations/{reservationId}/release',
      'GET /v1/ledger/totals',
    ]),
  );
});

test('pages tell the shape of answers as they come', async () => {
  const { paths } = (await ledger.call('GET', '/openapi.json')).json();
  for (const [url, types] of [
    ['/v1/finance/entries?format=csv', ['text/csv']],
    ['/v1/finance/entries?format=ndjson', ['application/x-ndjson']],
    ['/v1/finance/roll-forward', ['application/json']],
    ['/v1/finance/roll-forward?format=csv', ['text/csv']],
    ['/v1/finance/liability', ['application/json']],
    ['/v1/finance/liability?format=csv', ['text/csv']],
    ['/v1/finance/liability?format=pdf', ['application/problem+json']],
  ] as const) {
    const answer = await ledger.call('GET', url);
    const { responses } = paths[url.split('?')[0] as string].get;
    expect([url, String(answer.headers['content-type']).split(';')[0]]).toEqual([url, ...types]);
    const told = Object.keys((responses[answer.statusCode] ?? responses['4XX']).content);
    expect([url, told]).toEqual([url, expect.arrayContaining([...types])]);
  }
  for (const url of ['/v1/customers/{customerId}/statement/export', '/v1/coupon-pools/{poolId}/codes'])
    expect(Object.keys(paths[url].get.responses['200'].content)).toEqual(['text/csv', 'application/x-ndjson']);
});
