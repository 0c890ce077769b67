import { Topics } from '@vafa/contracts';
import { createApiKey } from '@vafa/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purchase, refund, T0 } from '../test/events.fixture.ts';
import { type LedgerHarness, startLedger } from '../test/ledger.fixture.ts';

let ledger: LedgerHarness;

beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(async () => {
  await ledger.verify();
  await ledger.stop();
});

const adjust = (customerId: string, points: unknown, reason: unknown = 'goodwill') =>
  ledger.call('POST', `/v1/customers/${customerId}/adjustments`, { points, reason });

test('corrections give and take, with reason and actor on record', async () => {
  const given = await adjust('ann', 30, 'sorry for the delay');
  expect(given.statusCode).toBe(201);
  expect(given.json()).toMatchObject({ points: 30, balance: { active: 30, earned: 0 } });
  expect((await adjust('ann', -12)).json()).toMatchObject({ points: -12, balance: { active: 18 } });
  const tooMuch = await adjust('ann', -19);
  expect(tooMuch.statusCode).toBe(422);
  expect(tooMuch.json()).toMatchObject({ code: 'ledger.insufficient_points', available: 18 });
  for (const [points, reason] of [
    [0, 'x'],
    [1.5, 'x'],
    [5, ''],
    [5, ' '],
    ['5', 'x'],
    [5, 'nul \u0000'],
    [5, 'half \ud800'],
  ])
    expect((await adjust('ann', points, reason)).statusCode).toBe(400);
  const { entries } = (await ledger.call('GET', '/v1/customers/ann/statement')).json();
  expect(entries).toMatchObject([
    { kind: 'adjust', points: -12, balanceAfter: 18, reason: 'goodwill' },
    { kind: 'adjust', points: 30, balanceAfter: 30, reason: 'sorry for the delay', occurredAt: T0, recordedAt: T0 },
  ]);
  expect(entries[0].actor).toBe(entries[1].actor);
  await ledger.settle();
  const events = (await ledger.events(Topics.points)).filter(({ subject }) => subject === 'ann');
  expect(events).toMatchObject([
    { type: 'points.adjusted', data: { points: 30, balanceAfter: 30, reason: 'sorry for the delay' } },
    { type: 'points.adjusted', data: { points: -12, balanceAfter: 18 } },
  ]);
});

test('the statement is read page by page, newest first', async () => {
  await ledger.publish(Array.from({ length: 25 }, (_, i) => purchase('bob', `bob-${i}`, 100 * (i + 1))));
  await ledger.send(refund('bob', 'bob-r', { scope: 'whole', orderId: 'bob-3' }));
  const seen: { points: number; balanceAfter: number; kind: string }[] = [];
  let cursor: string | undefined;
  do {
    const page = (
      await ledger.call('GET', `/v1/customers/bob/statement?limit=10${cursor ? `&cursor=${cursor}` : ''}`)
    ).json();
    seen.push(...page.entries);
    cursor = page.nextCursor;
  } while (cursor);
  expect(seen).toHaveLength(26);
  expect(seen[0]).toMatchObject({
    kind: 'clawback',
    points: -4,
    refundId: 'bob-r',
    orderId: 'bob-3',
    reason: 'refund',
  });
  for (const [i, { points, balanceAfter }] of seen.entries())
    expect(balanceAfter - points).toBe(seen[i + 1]?.balanceAfter ?? 0);
  for (const query of ['limit=201', 'limit=0', 'cursor=abc'])
    expect((await ledger.call('GET', `/v1/customers/bob/statement?${query}`)).statusCode).toBe(400);
});

test('nothing is known of a customer: nothing of everything', async () => {
  expect(await ledger.balance('stranger')).toEqual({
    customerId: 'stranger',
    active: 0,
    pending: 0,
    reserved: 0,
    spent: 0,
    expired: 0,
    negative: 0,
    earned: 0,
    nextExpiration: null,
    nextActivation: null,
  });
  expect((await ledger.call('GET', '/v1/customers/stranger/statement')).json()).toEqual({ entries: [] });
});

test('the totals add up to zero', async () => {
  const { points, counts } = (await ledger.call('GET', '/v1/ledger/totals')).json();
  expect(points).toEqual({
    issued: 325,
    clawedBack: 4,
    redeemed: 0,
    expired: 0,
    adjusted: 18,
    forfeited: 0,
    outstanding: 339,
    active: 339,
    pending: 0,
    reserved: 0,
    negative: 0,
    sumOfAllEntries: 0,
  });
  expect(counts).toEqual({
    transfers: 28,
    purchases: 25,
    purchasesWithoutPoints: 0,
    refunds: 1,
    refundsWaiting: 0,
    refundsUnmatched: 0,
    refundsRefused: 0,
  });
});

test('each door asks for its scope', async () => {
  const reader = await createApiKey(ledger.admin, { name: 'reader', scopes: ['ledger:read'] }, ledger.clock.now());
  const as = (method: 'GET' | 'POST' | 'PUT', url: string, payload?: unknown) =>
    ledger.call(method, url, payload, { authorization: `Bearer ${reader.secret}` });
  expect((await as('GET', '/v1/customers/ann/balance')).statusCode).toBe(200);
  expect((await as('POST', '/v1/customers/ann/reservations', { points: 1 })).json()).toMatchObject({
    status: 403,
    scope: 'ledger:write',
  });
  expect((await as('POST', '/v1/customers/ann/adjustments', { points: 1, reason: 'x' })).json().scope).toBe(
    'ledger:admin',
  );
  expect((await as('PUT', '/v1/programme', {})).json().scope).toBe('ledger:admin');
});
