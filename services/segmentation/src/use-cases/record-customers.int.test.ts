import { Topics } from '@vafa/contracts';
import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bought, did, erased, merged, refunded, updated } from '../../test/shop.ts';
import { segmentation } from '../service.ts';

const NOW = '2026-11-21T08:00:00Z';

let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [segmentation], now: NOW });
});
afterEach(() => h.stop());

const find = (customerId: string) =>
  h.http('segmentation').inject({ method: 'GET', url: `/v1/customers/${encodeURIComponent(customerId)}` });
const get = async (customerId: string) => {
  const answer = await find(customerId);
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json();
};
const codes = async () => (await h.deadLetters('segmentation')).map(({ errorCode }) => errorCode);

/** The tables in which a row holds one of the words anywhere. */
const tablesNaming = async (words: string): Promise<string[]> => {
  const pattern = `\\m(${words})\\M`;
  const tables = await h.admin<{ name: string }[]>`select tablename as name from pg_tables
    where schemaname = 'segmentation' order by tablename`;
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await h.admin`select 1 from ${h.admin(`segmentation.${name}`)} t where t::text ~ ${pattern} limit 1`;
    if (rows.length > 0) found.push(name);
  }
  return found;
};

describe('merged', () => {
  test('two records count as one that had always been one', async () => {
    await h.send(
      bought('old', 'o1', '2026-11-01T08:00:00Z'),
      bought('old', 'o2', '2026-11-03T08:00:00Z'),
      bought('c1', 'o3', '2026-11-02T08:00:00Z', { currency: 'EUR' }),
      // Waits in vain under the old id: its order came under the other.
      refunded('old', 'r1', '2026-11-04T08:00:00Z', { orderId: 'o4' }),
      bought('c1', 'o4', '2026-11-04T07:00:00Z'),
      did('old', 'i1', '2026-11-05T08:00:00Z'),
      did('c1', 'i2', '2026-11-01T08:00:00Z'),
    );
    await h.send(merged('old', 'c1', '2026-11-20T08:00:00Z'));
    const expected = {
      customerId: 'c1',
      lifecycle: { state: 'active' },
      orders: 3,
      items: 6,
      firstOrderAt: '2026-11-01T08:00:00Z',
      lastOrderAt: '2026-11-03T08:00:00Z',
      spend: [
        { currency: 'EUR', netMinor: 100 },
        { currency: 'IRR', grossMinor: 300, refundedMinor: 100 },
      ],
      interactions: 2,
      lastInteractionAt: '2026-11-05T08:00:00Z',
    };
    expect(await get('c1')).toMatchObject(expected);
    expect(await get('old')).toMatchObject(expected);
    const [refund] = await h.sql('segmentation')`select customer_id, status from refund`;
    expect(refund).toEqual({ customer_id: 'c1', status: 'applied' });
  });

  test('what is told of the old id goes to the new one, repeats are still known', async () => {
    await h.send(bought('old', 'o1', NOW));
    await h.send(merged('old', 'c1', NOW), updated('old', NOW));
    await h.send(bought('old', 'o1', NOW), bought('old', 'o2', NOW), bought('c1', 'o3', NOW), did('old', 'i1', NOW));
    await h.send(refunded('old', 'r1', NOW, { orderId: 'o3' }));
    expect(await get('c1')).toMatchObject({ orders: 2, interactions: 1 });
    expect(await codes()).toEqual([]);
    const told = (await h.events(Topics.segments)).filter(({ subject }) => subject === 'c1');
    expect(told.map(({ data }) => data)).toMatchObject([
      { from: 'prospect', to: 'new', reason: 'merged with another record of the customer' },
      { from: 'new', to: 'active' },
    ]);
  });

  test('chains lead to the last, a repeat does nothing, circles and second homes are refused', async () => {
    await h.send(bought('a', 'o1', NOW));
    await h.send(merged('a', 'b', NOW));
    await h.send(merged('b', 'c', NOW));
    await h.send(merged('a', 'b', NOW), bought('a', 'o2', NOW));
    expect(await get('a')).toMatchObject({ customerId: 'c', orders: 2 });
    expect(await codes()).toEqual([]);
    await h.send(merged('c', 'a', NOW));
    await h.send(merged('a', 'd', NOW));
    expect((await codes()).sort()).toEqual(['segmentation.merged_elsewhere', 'segmentation.merged_into_itself']);
    const counts = await h.http('segmentation').inject({ method: 'GET', url: '/v1/lifecycle/counts' });
    expect(counts.json()).toMatchObject({ counts: { active: 1, prospect: 1 }, total: 2 });
  });

  test('silence and won back are those of both together', async () => {
    await h.send(bought('old', 'o1', '2026-02-01T08:00:00Z'), bought('c1', 'o2', '2026-11-01T08:00:00Z'));
    expect(await get('old')).toMatchObject({ lifecycle: { state: 'churned' } });
    await h.send(merged('old', 'c1', NOW));
    expect(await get('c1')).toMatchObject({ lifecycle: { state: 'won_back', since: NOW }, orders: 2 });
    h.clock.advance('P41D');
    await h.settle();
    expect(await get('c1')).toMatchObject({ lifecycle: { state: 'at_risk', since: '2026-12-31T08:00:00.001Z' } });
  });
});

describe('erased', () => {
  test('nothing of a customer stays but orders that are nobody’s', async () => {
    await h.send(
      bought('c1', 'o1', '2026-11-20T08:00:00Z'),
      refunded('c1', 'r1', '2026-11-20T09:00:00Z', { orderId: 'o1', scope: 'amount', amountMinor: 10 }),
      did('c1', 'i1', NOW),
      bought('c2', 'o2', '2026-11-20T08:00:00Z'),
    );
    await h.send(merged('spare', 'c1', NOW));
    const full = ['customer_metric', 'customer_spend', 'lifecycle_due', 'purchase', 'refund'];
    expect(await tablesNaming('c1|spare')).toEqual(full);
    await h.send(erased('c1', NOW));
    for (const id of ['c1', 'spare']) expect((await find(id)).statusCode).toBe(404);
    expect((await find('c2')).statusCode).toBe(200);
    expect(await tablesNaming('c1|spare')).toEqual([]);
    const orders = await h.sql(
      'segmentation',
    )`select order_id, customer_id, quantities from purchase order by order_id`;
    expect(orders[0]).toEqual({ order_id: 'o1', customer_id: null, quantities: [] });
  });

  test('what happened before stays forgotten, who comes back is new', async () => {
    await h.send(bought('c1', 'o1', '2026-11-20T08:00:00Z'));
    await h.send(erased('c1', NOW));
    await h.send(
      bought('c1', 'o1', '2026-11-20T08:00:00Z'),
      bought('c1', 'late', '2026-11-19T08:00:00Z'),
      refunded('c1', 'r1', '2026-11-20T09:00:00Z', { orderId: 'o1' }),
      did('c1', 'i1', '2026-11-20T08:00:00Z'),
    );
    expect((await find('c1')).statusCode).toBe(404);
    h.clock.advance('P1D');
    await h.send(bought('c1', 'o2', h.clock.now()));
    expect(await get('c1')).toMatchObject({ lifecycle: { state: 'new' }, orders: 1 });
    expect(await codes()).toEqual([]);
  });

  test('the spare record of a merge can be erased without the customer', async () => {
    await h.send(bought('spare', 'o1', NOW));
    await h.send(merged('spare', 'c1', NOW));
    await h.send(erased('spare', NOW));
    expect((await find('spare')).statusCode).toBe(404);
    expect(await get('c1')).toMatchObject({ orders: 1 });
  });

  test('who is merged into somebody forgotten is forgotten too', async () => {
    await h.send(erased('c1', NOW));
    await h.send(bought('old', 'o1', '2026-11-20T08:00:00Z'));
    await h.send(merged('old', 'c1', '2026-11-20T09:00:00Z'));
    for (const id of ['c1', 'old']) expect((await find(id)).statusCode).toBe(404);
  });
});
