import { type Harness, startHarness } from '@vafa/testing';
import { afterEach, expect, it } from 'vitest';
import { reminders } from '../src/index.ts';
import { asked, at, bought, COFFEE, counts, define, NOW, publish, refunded } from './given.ts';

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
  'with purchases and refunds in any order, twice, and a bus that misbehaves, the newest purchase decides (%d)',
  async (seed) => {
    const random = seeded(seed);
    h = await startHarness({
      services: [reminders],
      now: NOW,
      settings: { BUS_MAX_BATCH: '7' },
      chaos: { duplicateRate: 0.2, rebalanceRate: 0.1, forgetCommitRate: 0.2, random },
    });
    await define(h, { ...COFFEE, timeToLive: 'P3D' });
    const start = Temporal.Instant.from(NOW).subtract({ hours: 200 });
    const orders = Array.from({ length: 120 }, (_, i) => ({
      customerId: `c${Math.floor(random() * 15)}`,
      orderId: `A-${String(i).padStart(3, '0')}`,
      // Few different hours, so that some share theirs.
      at: start.add({ hours: Math.floor(random() * 40) }).toString(),
      isRefunded: random() < 0.3,
    }));
    const told = orders.flatMap(({ customerId, orderId, at: time, isRefunded }) => [
      bought(customerId, orderId, { time }),
      ...(random() < 0.3 ? [bought(customerId, orderId, { time })] : []),
      ...(isRefunded ? [refunded(customerId, orderId)] : []),
    ]);
    const all = shuffled(told, random);
    for (let i = 0; i < all.length; i += 40) await publish(h, all.slice(i, i + 40));

    await at(h, start.add({ hours: 24 * 30 + 40 }).toString());
    const newest = Map.groupBy(orders, ({ customerId }) => customerId)
      .values()
      .map((theirs) =>
        theirs.reduce((best, next) =>
          next.at > best.at || (next.at === best.at && next.orderId > best.orderId) ? next : best,
        ),
      );
    const expected = [...newest]
      .filter(({ isRefunded }) => !isRefunded)
      .map(({ customerId, orderId }) => `${customerId} ${orderId}`);
    expect(expected.length).toBeGreaterThan(3);
    expect(await asked(h)).toEqual(expected.sort());
    const { created, fired, cancelled, waiting } = await counts(h, 'coffee');
    expect(fired).toBe(expected.length);
    expect(waiting).toBe(0);
    expect(created).toBe(fired + (cancelled.bought_again ?? 0) + (cancelled.refunded ?? 0));
  },
);
