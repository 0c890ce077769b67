import { Topics } from '@vafa/contracts';
import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bought } from '../../test/shop.ts';
import { segmentation } from '../service.ts';

let h: Harness;
beforeEach(async () => {
  h = await startHarness({ services: [segmentation], now: '2026-11-21T08:00:00Z' });
});
afterEach(() => h.stop());

const lag = async (): Promise<number> => (await h.service('segmentation').status()).lag;
const steps = async (): Promise<string[]> =>
  (await h.events(Topics.segments)).map(({ data }) => {
    const { from, to } = data as { from: string; to: string };
    return `${from} → ${to}`;
  });

/** Keeps the service from reading on, as if it were busy, until released. */
const holdReading = async (): Promise<() => Promise<void>> => {
  const connection = await h.admin.reserve();
  await connection`begin`;
  await connection`select 1 from segmentation.consumer_fence where topic = ${Topics.purchases.name} for update`;
  return async () => {
    await connection`commit`;
    connection.release();
  };
};

test('what is long overdue waits while purchases are unread that may break the silence', async () => {
  await h.publish([bought('c1', 'o1', '2026-01-01T00:00:00Z'), bought('c2', 'o2', '2026-09-22T07:30:00Z')]);
  await expect.poll(lag).toBe(0);
  const release = await holdReading();
  await h.publish([bought('c1', 'o3', '2026-02-01T00:00:00Z')]);
  await h.service('segmentation').runJobs();
  // The one that fell due within the hour is not kept waiting.
  const states = await h.sql('segmentation')`select customer_id, state from customer_metric order by customer_id`;
  expect(states).toMatchObject([{ state: 'new' }, { state: 'at_risk' }]);
  await release();
  await h.settle();
  expect((await steps()).sort()).toEqual([
    'active → at_risk',
    'at_risk → dormant',
    'dormant → churned',
    'new → active',
    'new → at_risk',
    'prospect → new',
    'prospect → new',
  ]);
});

test('a purchase and a sweep at the same time make one step, not two', async () => {
  await h.send(bought('c1', 'o1', '2026-11-21T08:00:00Z'));
  h.clock.advance('P200D');
  await h.publish([bought('c1', 'o2', h.clock.now())]);
  await Promise.all([h.service('segmentation').runJobs(), h.service('segmentation').runJobs()]);
  await h.settle();
  expect(await steps()).toEqual(['prospect → new', 'new → at_risk', 'at_risk → dormant', 'dormant → won_back']);
});
