import { Topics } from '@vafa/contracts';
import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bought, did, refunded, updated } from '../../test/shop.ts';
import { segmentation } from '../service.ts';

const NOW = '2026-11-21T08:00:00Z';

let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [segmentation], now: NOW, settings: { SEGMENTATION_PORTION: '3' } });
});
afterEach(() => h.stop());

const get = async (url: string) => {
  const answer = await h.http('segmentation').inject({ method: 'GET', url });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json();
};
const stateOf = async (customerId: string): Promise<string> =>
  (await get(`/v1/customers/${customerId}`)).lifecycle.state;
const steps = async (): Promise<string[]> =>
  (await h.events(Topics.segments)).map(({ time, data }) => {
    const { customerId, from, to } = data as Record<string, string>;
    return `${customerId} ${from} → ${to} ${time}`;
  });
const counts = async () => (await get('/v1/lifecycle/counts')).counts;

test('silence moves a customer on, also over restarts', async () => {
  await h.send(bought('c1', 'o1', NOW));
  h.clock.advance('P60D');
  await h.settle();
  expect(await stateOf('c1')).toBe('new');
  h.clock.advance('PT1S');
  await h.settle();
  expect(await stateOf('c1')).toBe('at_risk');
  await h.restart('segmentation');
  h.clock.advance('P60D');
  await h.settle();
  h.clock.advance('P120D');
  await h.restart('segmentation');
  await h.settle();
  expect(await steps()).toEqual([
    'c1 prospect → new 2026-11-21T08:00:00Z',
    'c1 new → at_risk 2027-01-20T08:00:00.001Z',
    'c1 at_risk → dormant 2027-03-21T08:00:00.001Z',
    'c1 dormant → churned 2027-07-19T08:00:00.001Z',
  ]);
  await h.send(bought('c1', 'o2', h.clock.now()));
  expect((await get('/v1/customers/c1')).lifecycle).toMatchObject({
    state: 'won_back',
    reason: 'ordered again after 240 days without an order',
  });
});

test('many fall due at once and are handled in portions, longest overdue first', async () => {
  const customers = Array.from({ length: 10 }, (_, i) => `c${i}`);
  await h.send(...customers.map((id, i) => bought(id, `o-${id}`, `2026-11-21T08:00:0${i}Z`)));
  expect(await counts()).toMatchObject({ new: 10 });
  h.clock.advance('P61D');
  await h.settle();
  expect(await counts()).toMatchObject({ new: 0, at_risk: 10 });
  const due = await h.sql('segmentation')`select 1 from lifecycle_due where due_at <= ${h.clock.now().toString()}`;
  expect(due).toHaveLength(0);
  expect((await steps()).filter((step) => step.includes('at_risk'))).toHaveLength(10);
});

test('orders between sweeps put the next step off', async () => {
  await h.send(bought('c1', 'o1', NOW));
  for (let month = 1; month <= 6; month++) {
    h.clock.advance('P50D');
    await h.send(bought('c1', `o1-${month}`, h.clock.now()));
  }
  expect((await steps()).map((step) => step.split(' ').slice(1, 4).join(' '))).toEqual([
    'prospect → new',
    'new → active',
    'active → loyal',
  ]);
  h.clock.advance('P61D');
  await h.settle();
  expect(await stateOf('c1')).toBe('at_risk');
});

test('history that is imported ends where it should, with the times of then', async () => {
  await h.send(
    bought('c1', 'o1', '2011-01-04T10:00:00Z'),
    bought('c1', 'o2', '2011-12-01T10:00:00Z'),
    bought('c2', 'o3', '2026-09-21T08:00:00Z'),
  );
  expect(await stateOf('c1')).toBe('churned');
  expect(await stateOf('c2')).toBe('at_risk');
  expect((await steps()).filter((step) => step.startsWith('c1'))).toEqual([
    'c1 prospect → new 2011-01-04T10:00:00Z',
    'c1 new → at_risk 2011-03-05T10:00:00.001Z',
    'c1 at_risk → dormant 2011-05-04T10:00:00.001Z',
    'c1 dormant → churned 2011-09-01T10:00:00.001Z',
    'c1 churned → won_back 2011-12-01T10:00:00Z',
    'c1 won_back → at_risk 2012-01-30T10:00:00.001Z',
    'c1 at_risk → dormant 2012-03-30T10:00:00.001Z',
    'c1 dormant → churned 2012-07-28T10:00:00.001Z',
  ]);
});

test('a refund in full takes the order and the state back', async () => {
  await h.send(bought('c1', 'o1', '2026-11-01T08:00:00Z'), bought('c1', 'o2', '2026-11-20T08:00:00Z'));
  await h.send(refunded('c1', 'r2', '2026-11-21T07:00:00Z', { orderId: 'o2' }));
  expect(await get('/v1/customers/c1')).toMatchObject({
    lifecycle: { state: 'new', since: '2026-11-21T07:00:00Z', reason: 'an order was refunded in full' },
    orders: 1,
    items: 2,
    lastOrderAt: '2026-11-01T08:00:00Z',
    spend: [{ currency: 'IRR', grossMinor: 200, refundedMinor: 100, netMinor: 100 }],
  });
  await h.send(refunded('c1', 'r1', '2026-11-21T07:30:00Z', { orderId: 'o1' }));
  expect(await get('/v1/customers/c1')).toMatchObject({ lifecycle: { state: 'prospect' }, orders: 0 });
});

test('an order told late is still met by a loose refund that came before it', async () => {
  const loose = { scope: 'lines' as const, lines: [{ sku: 'tea', quantity: 2, amountMinor: 100 }] };
  await h.send(refunded('c1', 'r1', '2026-11-10T08:00:00Z', loose));
  expect(await get('/v1/customers/c1')).toMatchObject({
    orders: 0,
    spend: [{ grossMinor: 0, refundedMinor: 100, netMinor: -100 }],
  });
  await h.send(bought('c1', 'o1', '2026-11-09T08:00:00Z'));
  expect(await get('/v1/customers/c1')).toMatchObject({
    lifecycle: { state: 'prospect' },
    orders: 0,
    spend: [{ grossMinor: 100, refundedMinor: 100, netMinor: 0 }],
  });
  await h.send(bought('c1', 'o2', '2026-11-11T08:00:00Z'));
  expect(await get('/v1/customers/c1')).toMatchObject({ lifecycle: { state: 'new' }, orders: 1 });
});

test('interactions and updates make prospects, each interaction counts once', async () => {
  const seen = did('c1', 'i1', '2026-11-20T08:00:00Z');
  await h.send(seen, seen, did('c1', 'i2', '2026-11-19T08:00:00Z'), updated('c2', NOW));
  await h.send(seen);
  expect(await get('/v1/customers/c1')).toMatchObject({
    lifecycle: { state: 'prospect', reason: 'no order yet' },
    interactions: 2,
    lastInteractionAt: '2026-11-20T08:00:00Z',
  });
  expect(await counts()).toMatchObject({ prospect: 2 });
  h.clock.advance('P91D');
  await h.settle();
  expect(await h.sql('segmentation')`select 1 from interaction_seen`).toHaveLength(0);
});

test('what can never work is parked with its reason, the rest of the batch is booked', async () => {
  await h.send(
    bought('c1', 'o1', NOW),
    bought('c1', 'o1', NOW, { totalMinor: 99 }),
    refunded('c1', 'r1', NOW, { scope: 'amount' }),
    bought('c1', 'o2', NOW),
  );
  expect((await h.deadLetters('segmentation')).map(({ errorCode }) => errorCode).sort()).toEqual([
    'segmentation.order_conflict',
    'segmentation.refund_incomplete',
  ]);
  expect(await get('/v1/customers/c1')).toMatchObject({ orders: 2, spend: [{ grossMinor: 200 }] });
});
