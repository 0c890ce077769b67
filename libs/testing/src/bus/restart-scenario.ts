import { setTimeout as sleep } from 'node:timers/promises';
import { emit, type Sql } from '@vafa/bus';
import { messageOf } from '@vafa/kernel';
import { expect } from 'vitest';
import { byCustomer, orderIds } from './contract/order.ts';
import { purchases, TOPIC } from './shop-events.ts';
import type { Stage } from './stage.ts';
import { until } from './until.ts';

const CUSTOMERS = 10;
const PORTION = 10;

/**
 * Events flow from an outbox through the relay and the bus into effects while something is killed and started again.
 * Afterwards everything that was committed is there; a record takes effect once, and a customer's events stay in order.
 */
export const surviveRestart = async (stage: Stage, restart: () => Promise<void>): Promise<void> => {
  const relay = stage.startRelay();
  await stage.start(undefined, { maxBatch: 20 });
  await stage.start(undefined, { maxBatch: 20 });
  let next = 0;
  let flowing = true;
  const refusals: string[] = [];
  const flow = async (): Promise<void> => {
    while (flowing) {
      try {
        await stage.sql.begin((tx) => emit(tx, purchases(PORTION, CUSTOMERS, next)));
        next += PORTION;
        relay.wake();
      } catch (error) {
        // As a till would: the same purchases again, until they are taken. A commit whose answer was lost repeats them.
        refusals.push(messageOf(error));
      }
      await sleep(10);
    }
  };
  const flows = flow();
  await until('events flow', async () => (await stage.effects()).length > 3 * PORTION);
  await restart();
  const taken = next;
  await until('events flow again', () => next > taken + 3 * PORTION);
  flowing = false;
  await flows;
  await until('the outbox is empty', async () => (await stage.sql`select 1 from outbox`).length === 0);
  await stage.untilHandled();

  const effects = await stage.effects();
  const events = purchases(next, CUSTOMERS);
  expect(byCustomer([...new Set(effects)])).toEqual(byCustomer(orderIds(events)));
  const ends = await stage.bus.bounds(TOPIC.name);
  expect(effects).toHaveLength(ends.reduce((sum, { high }) => sum + Number(high), 0));
  expect(stage.fatal).toEqual([]);
  await expectWholePool(stage.sql);
};

const POOL_LIMIT_MS = 10_000;

/**
 * Every connection of the pool is still there to be used. It is asked again for a while: the relay and the members use the same
 * pool, and a query that comes while all connections are taken waits behind another one's on the same connection (seen: 4 of 5
 * at first on a busy machine, 5 of 5 half a second later). A lost connection never comes back: with a driver that forgets the
 * reserved ones at a crash, this ends with 1 of 5.
 */
const expectWholePool = async (sql: Sql): Promise<void> => {
  // Few enough to leave the relay its own.
  const most = sql.options.max - 1;
  const used = async (): Promise<number> => {
    const pids = await Promise.all(
      Array.from({ length: most }, () => sql<{ pid: number }[]>`select pg_backend_pid() as pid, pg_sleep(0.3)`),
    );
    return new Set(pids.map(([row]) => row?.pid)).size;
  };
  await expect.poll(used, { timeout: POOL_LIMIT_MS }).toBe(most);
};
