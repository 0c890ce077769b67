import { Topics } from '@vafa/contracts';
import { createApiKey } from '@vafa/platform';
import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bought, updated } from '../../test/shop.ts';
import { segmentation } from '../service.ts';
import { reviewCustomers } from '../use-cases/review-customers.ts';

const NOW = '2026-11-21T08:00:00Z';
const DEFAULTS = { atRiskAfterDays: 60, dormantAfterDays: 120, churnedAfterDays: 240, loyalOrders: 5 };
const SHORTER = { atRiskAfterDays: 10, dormantAfterDays: 20, churnedAfterDays: 30, loyalOrders: 2 };

let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [segmentation], now: NOW, settings: { SEGMENTATION_PORTION: '4' } });
});
afterEach(() => h.stop());

const call = (method: 'GET' | 'PUT', url: string, payload?: unknown, headers: Record<string, string> = {}) =>
  h.http('segmentation').inject({ method, url, payload, headers });
const put = (payload: unknown, headers?: Record<string, string>) =>
  call('PUT', '/v1/lifecycle/settings', payload, headers);
const get = async (url: string) => {
  const answer = await call('GET', url);
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json();
};
const shopOfTen = async (): Promise<void> => {
  const ids = Array.from({ length: 10 }, (_, i) => `c${i}`);
  await h.send(...ids.map((id) => bought(id, `o-${id}`, '2026-11-01T08:00:00Z')), updated('p1', NOW));
};

test('counts, lists and segments', async () => {
  await shopOfTen();
  await h.send(bought('c3', 'o2', NOW));
  const counts = await get('/v1/lifecycle/counts');
  expect(counts).toMatchObject({ counts: { prospect: 1, new: 9, active: 1, churned: 0 }, total: 11, due: 0 });
  expect((await get('/v1/segments')).segments).toContainEqual({ segmentId: 'lifecycle:new', customers: 9 });

  const first = await get('/v1/customers?lifecycle=new&limit=5');
  expect(first.customers.map((each: { customerId: string }) => each.customerId)).toEqual([
    'c0',
    'c1',
    'c2',
    'c4',
    'c5',
  ]);
  const second = await get(`/v1/customers?segment=lifecycle:new&limit=5&cursor=${first.nextCursor}`);
  expect(second.customers.map((each: { customerId: string }) => each.customerId)).toEqual(['c6', 'c7', 'c8', 'c9']);
  expect(second.nextCursor).toBeUndefined();
  expect((await get('/v1/customers')).customers).toHaveLength(11);
  expect(first.customers[0]).toEqual({
    customerId: 'c0',
    state: 'new',
    since: '2026-11-01T08:00:00Z',
    orders: 1,
    lastOrderAt: '2026-11-01T08:00:00Z',
  });
});

test('one customer: why, since when and what comes next', async () => {
  await shopOfTen();
  expect(await get('/v1/customers/c1')).toEqual({
    customerId: 'c1',
    lifecycle: {
      state: 'new',
      since: '2026-11-01T08:00:00Z',
      reason: 'first order',
      next: { to: 'at_risk', at: '2026-12-31T08:00:00.001Z', reason: 'no order for 60 days' },
    },
    segments: ['lifecycle:new'],
    orders: 1,
    items: 2,
    firstOrderAt: '2026-11-01T08:00:00Z',
    lastOrderAt: '2026-11-01T08:00:00Z',
    spend: [{ currency: 'IRR', grossMinor: 100, refundedMinor: 0, netMinor: 100 }],
    interactions: 0,
  });
  expect((await get('/v1/customers/p1')).lifecycle).toEqual({ state: 'prospect', since: NOW, reason: 'no order yet' });
  const unknown = await call('GET', '/v1/customers/nobody');
  expect([unknown.statusCode, unknown.json().code]).toEqual([404, 'segmentation.customer_unknown']);
});

test('what makes no sense is refused', async () => {
  for (const url of [
    '/v1/customers?lifecycle=asleep',
    '/v1/customers?segment=vip',
    '/v1/customers?limit=0',
    '/v1/customers?limit=1001',
    '/v1/customers?cursor=%00',
    '/v1/customers?lifecycle=new&segment=lifecycle:new',
    '/v1/customers/%00',
  ])
    expect((await call('GET', url)).statusCode, url).toBe(400);
});

test('settings: as Vafa starts, changed, refused, repeated', async () => {
  expect(await get('/v1/lifecycle/settings')).toEqual({ ...DEFAULTS, version: 0, reviewed: true });
  const falling = await put({ ...DEFAULTS, churnedAfterDays: 100 });
  expect([falling.statusCode, falling.json().code]).toEqual([400, 'segmentation.invalid_thresholds']);
  for (const wrong of [
    { ...DEFAULTS, loyalOrders: 1 },
    { ...DEFAULTS, loyalOrders: '5' },
    { ...DEFAULTS, k: 1 },
    { loyalOrders: 5 },
  ])
    expect((await put(wrong)).statusCode).toBe(400);

  expect((await put(DEFAULTS)).json()).toMatchObject({ version: 0 });
  const changed = await put({ ...SHORTER, version: 0 }, { 'idempotency-key': 'k1' });
  expect(changed.json()).toMatchObject({ ...SHORTER, version: 1, changedAt: NOW, reviewed: false });
  expect(changed.json().changedBy).toMatch(/^[0-9a-f-]{36}$/);
  const again = await put({ ...SHORTER, version: 0 }, { 'idempotency-key': 'k1' });
  expect(again.json()).toEqual(changed.json());
  const stale = await put({ ...DEFAULTS, version: 0 });
  expect([stale.statusCode, stale.json().code]).toEqual([409, 'segmentation.settings_changed']);
  await h.settle();
  expect(await get('/v1/lifecycle/settings')).toMatchObject({ version: 1, reviewed: true });
});

test('reading is no right to change', async () => {
  const { secret } = await createApiKey(h.admin, { name: 'reader', scopes: ['segments:read'] }, h.clock.now());
  const authorization = `Bearer ${secret}`;
  expect((await put(SHORTER, { authorization })).statusCode).toBe(403);
  expect((await call('GET', '/v1/lifecycle/counts', undefined, { authorization })).statusCode).toBe(200);
});

test('changed settings reach every customer, over a restart in the middle, at the time of the change', async () => {
  await shopOfTen();
  h.clock.advance('PT1H');
  await put(SHORTER);
  expect(await reviewCustomers(h.sql('segmentation'), h.clock.now(), 4)).toBe(4);
  const [half] = await h.sql('segmentation')`select reviewed_to, reviewed_at from lifecycle_settings`;
  expect(half).toMatchObject({ reviewed_to: 'c3', reviewed_at: null });
  h.clock.advance('PT1H');
  await h.restart('segmentation');
  await h.settle();
  expect(await get('/v1/lifecycle/counts')).toMatchObject({ counts: { prospect: 1, dormant: 10 } });
  const told = (await h.events(Topics.segments)).filter(({ data }) => (data as { to: string }).to === 'dormant');
  expect(told).toHaveLength(10);
  expect(new Set(told.map(({ time }) => time))).toEqual(new Set(['2026-11-21T09:00:00Z']));
  expect(told[0]?.data).toMatchObject({ from: 'new', reason: 'the lifecycle settings were changed', orders: 1 });

  // The new thresholds hold from now on, by time and by order.
  h.clock.set('2026-12-01T08:00:00.001Z');
  await h.send(bought('c1', 'o2', h.clock.now()));
  expect(await get('/v1/lifecycle/counts')).toMatchObject({ counts: { churned: 9, won_back: 1 } });
});
