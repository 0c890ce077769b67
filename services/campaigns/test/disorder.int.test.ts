import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, expect, it } from 'vitest';
import { campaigns } from '../src/index.ts';
import { activeCampaign, call, NOW, publish, purchase, requests, sent } from './given.ts';

let h: Harness;
afterEach(() => h.stop());

/** A small generator of numbers in [0, 1) that gives the same for the same seed (mulberry32). */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

const shuffled = <Item>(items: readonly Item[], random: () => number): Item[] =>
  items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);

it.each([1, 2, 3])(
  'with events in any order, twice, and a bus that misbehaves, each trigger asks once and each outcome counts once (%d)',
  async (seed) => {
    const random = seeded(seed);
    h = await startHarness({
      services: [campaigns],
      now: NOW,
      settings: { BUS_MAX_BATCH: '7' },
      chaos: { duplicateRate: 0.2, rebalanceRate: 0.1, forgetCommitRate: 0.2, random },
    });
    await activeCampaign(h, { id: 'each' });
    await activeCampaign(h, { id: 'once', frequency: 'once_per_customer' });
    const orders = Array.from({ length: 120 }, (_, i) => ({
      customerId: `c${Math.floor(random() * 15)}`,
      orderId: `A-${i}`,
    }));
    const told = orders.flatMap(({ customerId, orderId }) =>
      Array.from({ length: random() < 0.4 ? 2 : 1 }, () => purchase(customerId, orderId)),
    );
    const all = shuffled(told, random);
    for (let i = 0; i < all.length; i += 40) await publish(h, all.slice(i, i + 40));

    const asked = await requests(h);
    const by = (id: string) => asked.filter(({ data }) => data.cause.id === id);
    expect(
      by('each')
        .map(({ subject, data }) => `${subject} ${data.cause.triggerId}`)
        .sort(),
    ).toEqual(orders.map(({ customerId, orderId }) => `${customerId} order:${orderId}`).sort());
    const customers = [...new Set(orders.map(({ customerId }) => customerId))].sort();
    expect(
      by('once')
        .map(({ subject }) => subject)
        .sort(),
    ).toEqual(customers);

    const outcomes = asked.flatMap((request, i) =>
      Array.from({ length: random() < 0.4 ? 2 : 1 }, () => sent(request, `m${i}`)),
    );
    await publish(h, shuffled(outcomes, random));
    expect(await call(h, 200, 'GET', '/v1/campaigns/each/results')).toMatchObject({
      entered: 120,
      requested: 120,
      sent: 120,
    });
    expect(await call(h, 200, 'GET', '/v1/campaigns/once/results')).toMatchObject({
      entered: customers.length,
      sent: customers.length,
    });
  },
);
