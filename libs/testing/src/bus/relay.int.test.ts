import { setTimeout as sleep } from 'node:timers/promises';
import { type EventBus, emit, outboxState, type Tx } from '@vafa/bus';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenPostgres } from '../given-by-setup.ts';
import { byCustomer, orderIds } from './contract/order.ts';
import { createShopDatabase, openShop, type ShopDatabase } from './shop-database.ts';
import { type Purchase, purchase, purchases, TOPIC } from './shop-events.ts';
import { openStage, type Stage } from './stage.ts';
import { until } from './until.ts';

const CUSTOMERS = 6;
let shop: ShopDatabase;
beforeAll(async () => {
  shop = await createShopDatabase(givenPostgres());
  await shop.sql`create table tally (customer text primary key, n int not null default 0)`;
});
afterAll(() => shop.drop());

const staged = (name: string, play: (stage: Stage) => Promise<void>): void =>
  void test(name, async () => {
    await shop.sql`delete from tally`;
    await shop.sql`insert into tally (customer) select 'c' || n from generate_series(0, ${CUSTOMERS - 1}) n`;
    const stage = await openStage({ kind: 'postgres-log', url: shop.url, leaseMs: 1_500 }, shop, 'silent');
    try {
      await play(stage);
    } finally {
      await stage.close();
    }
  });

const put = (events: readonly Purchase[]): Promise<void> => shop.sql.begin((tx) => emit(tx, events));
const untilEmpty = () => until('the outbox is empty', async () => (await outboxState(shop.sql)).depth === 0);
const published = async (stage: Stage): Promise<string[]> =>
  (await stage.readAll(TOPIC.name)).map(({ value }) => (JSON.parse(String(value)) as Purchase['data']).orderId);

/** Emits a customer's next purchase; the row of the customer is locked first, as in every use case. */
const emitNext = async (tx: Tx, customer: string): Promise<Purchase> => {
  const [row] = await tx<{ n: number }[]>`update tally set n = n + 1 where customer = ${customer} returning n`;
  const event = purchase(customer, (row?.n ?? 0) - 1);
  await emit(tx, [event]);
  return event;
};

/** Many transactions at once, some slow, some rolled back. Returns what was committed. */
const trade = async (rounds: number): Promise<Purchase[]> => {
  const done: Purchase[] = [];
  const till = async (number: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const rollBack = (number + round) % 4 === 0;
      try {
        const event = await shop.sql.begin(async (tx) => {
          const emitted = await emitNext(tx, `c${(number * 3 + round) % CUSTOMERS}`);
          await sleep((number + round) % 3);
          if (rollBack) throw new Error('rolled back');
          return emitted;
        });
        done.push(event);
      } catch (error) {
        if (!rollBack) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: 5 }, (_, number) => till(number)));
  return done;
};

staged(
  "what was committed is published once, each customer's in order, and the outbox is cleaned up",
  async (stage) => {
    const relay = stage.startRelay();
    const committed = await trade(60);
    relay.wake();
    await untilEmpty();
    const orders = byCustomer(await published(stage));
    expect(Object.values(orders).flat().sort()).toEqual(orderIds(committed).sort());
    for (const [customer, ids] of Object.entries(orders)) expect(ids).toEqual(ids.map((_, i) => `${customer}-${i}`));
    expect(await outboxState(shop.sql)).toEqual({ depth: 0, oldestSeconds: 0 });
  },
);

staged('a row that commits late, with a lower id than what was published already, is not skipped', async (stage) => {
  const relay = stage.startRelay();
  const late = await shop.sql.reserve();
  await late`begin`;
  await emit(late as unknown as Tx, [purchase('late', 0)]);
  // Look after look, each with more that is done with.
  for (let round = 0; round < 20; round++) {
    await put([purchase('quick', round)]);
    relay.wake();
    await untilEmpty();
  }
  await late`commit`;
  late.release();
  relay.wake();
  await untilEmpty();
  const ids = await published(stage);
  expect(ids).toHaveLength(21);
  expect(ids).toContain('late-0');
});

staged('a crash between publish and delete publishes again: nothing is lost', async (stage) => {
  const events = purchases(50, CUSTOMERS);
  await put(events);
  const dying = await stage.spawn({ relay: 'dies' });
  await dying.exited;
  expect(dying.count('published')).toBe(1);
  expect((await outboxState(shop.sql)).depth).toBe(50);
  stage.startRelay();
  await untilEmpty();
  const ids = await published(stage);
  expect(ids).toHaveLength(100);
  expect(new Set(ids)).toEqual(new Set(orderIds(events)));
});

staged('of two relays one works; the other goes on when it stops', async (stage) => {
  const publishedBy: string[] = [];
  const named = (name: string): EventBus => ({
    ...stage.bus,
    publish: async (records) => {
      publishedBy.push(name);
      await stage.bus.publish(records);
    },
  });
  const first = stage.startRelay({ bus: named('first') });
  await put(purchases(10, CUSTOMERS));
  await untilEmpty();
  const elsewhere = openShop(shop.url, 'vafa-test-second-relay', 2);
  const second = stage.startRelay({ bus: named('second'), sql: elsewhere });
  for (let at = 10; at < 100; at += 10) {
    await put(purchases(10, CUSTOMERS, at));
    first.wake();
    second.wake();
  }
  await untilEmpty();
  expect(new Set(publishedBy)).toEqual(new Set(['first']));
  await first.stop();
  await put(purchases(10, CUSTOMERS, 100));
  await untilEmpty();
  expect(publishedBy.at(-1)).toBe('second');
  const ids = await published(stage);
  expect(byCustomer(ids)).toEqual(byCustomer(orderIds(purchases(110, CUSTOMERS))));
  await second.stop();
  await elsewhere.end();
});

staged('a bus that does not take events for a while costs nothing but time', async (stage) => {
  let refusals = 4;
  const unwilling: EventBus = {
    ...stage.bus,
    publish: async (records) => {
      refusals -= 1;
      if (refusals >= 0) throw new Error('no broker');
      await stage.bus.publish(records);
    },
  };
  const events = purchases(250, CUSTOMERS);
  await put(events);
  stage.startRelay({ bus: unwilling, maxBatch: 100 });
  await untilEmpty();
  expect(refusals).toBeLessThan(0);
  expect(byCustomer(await published(stage))).toEqual(byCustomer(orderIds(events)));
});

staged(
  'a relay whose connection is cut again and again loses nothing, keeps the order and frees the lock',
  async (stage) => {
    const relay = stage.startRelay();
    let cutting = true;
    const cut = async (): Promise<void> => {
      while (cutting) {
        await shop.sql`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())`;
        await sleep(30);
      }
    };
    const cuts = cut();
    const events = purchases(600, CUSTOMERS);
    for (let at = 0; at < 600; at += 20) {
      await put(events.slice(at, at + 20));
      relay.wake();
      await sleep(15);
    }
    cutting = false;
    await cuts;
    await untilEmpty();
    // Published again after a cut between publish and delete; the first time of each is in order.
    expect(byCustomer([...new Set(await published(stage))])).toEqual(byCustomer(orderIds(events)));
    await relay.stop();
    const [row] = await shop.sql`select count(*) as n from pg_locks where locktype = 'advisory'
    and database = (select oid from pg_database where datname = current_database())`;
    expect(row?.n).toBe(0);
  },
);
