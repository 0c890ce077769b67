import { event, PurchaseCompleted, Topics } from '@vafa/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Harness, startHarness } from './harness.ts';

let h: Harness;
beforeAll(async () => {
  h = await startHarness({ services: [] });
});
afterAll(() => h.stop());
it('publishes and reads back in order', async () => {
  const events = Array.from({ length: 50 }, (_, i) =>
    event(
      PurchaseCompleted,
      { id: `e${i}`, source: '/test', time: '2026-11-21T08:00:00Z' },
      { customerId: `c${i % 3}`, orderId: `o${i}`, currency: 'IRR', totalMinor: i, lines: [] },
    ),
  );
  await h.publish(events);
  const read = await h.events(Topics.purchases);
  for (const c of ['c0', 'c1', 'c2'])
    expect(read.filter((e) => e.subject === c).map((e) => e.id)).toEqual(
      events.filter((e) => e.subject === c).map((e) => e.id),
    );
});
