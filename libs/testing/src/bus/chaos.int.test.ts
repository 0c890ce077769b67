import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { expectOnceInOrder } from './contract/order.ts';
import { createShopDatabase, type ShopDatabase } from './shop-database.ts';
import { purchases } from './shop-events.ts';
import { openStage } from './stage.ts';

let shop: ShopDatabase;
beforeAll(async () => {
  shop = await createShopDatabase(givenPostgres());
});
afterAll(() => shop.drop());

test.each([1, 20_261_121])(
  'chaos with seed %i: batches come twice, offsets are forgotten, partitions move, and every event has one effect',
  async (chaosSeed) => {
    const stage = await openStage({ kind: 'postgres-log', url: shop.url, leaseMs: 600, chaosSeed }, shop, 'silent');
    try {
      const events = purchases(1_500, 50);
      await stage.publish(events.slice(0, 700));
      await stage.start(undefined, { maxBatch: 20 });
      await stage.start(undefined, { maxBatch: 13 });
      await stage.publish(events.slice(700));
      await stage.untilHandled();
      expectOnceInOrder(await stage.effects(), events);
      // Void unless there was chaos.
      expect(stage.handedOver.length).toBeGreaterThan(1_800);
      expect(stage.fatal).toEqual([]);
    } finally {
      await stage.close();
    }
  },
);
