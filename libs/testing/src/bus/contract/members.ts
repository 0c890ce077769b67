import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from '@vafa/bus';
import { expect } from 'vitest';
import { purchases, recordEffects } from '../shop-events.ts';
import type { StagedTest } from '../stage.ts';
import { PARTITIONS, type Stage } from '../stage.ts';
import { until } from '../until.ts';
import { expectOnceInOrder } from './order.ts';

const STOP_LIMIT_MS = 15_000;
const partitionsOf = (member: Consumer): number[] =>
  member.subscription
    .assigned()
    .map(({ partition }) => partition)
    .sort();

const pidsOf = async (stage: Stage): Promise<number[]> =>
  (await stage.sql<{ pid: number }[]>`select distinct pid from effect where grp = ${stage.group}`).map(
    ({ pid }) => pid,
  );

export const memberContract = (staged: StagedTest, silenceMs: number): void => {
  staged('two members share the partitions; who is left takes over', async (stage) => {
    const first = await stage.start();
    await until('the first has all', () => partitionsOf(first).length === PARTITIONS);
    const second = await stage.start();
    await until('each has half', () => partitionsOf(first).length === 2 && partitionsOf(second).length === 2);
    expect([...partitionsOf(first), ...partitionsOf(second)].sort()).toEqual([0, 1, 2, 3]);
    const shared = purchases(400, 40);
    await stage.publish(shared);
    await stage.untilHandled();
    await second.stop(STOP_LIMIT_MS);
    await until('the first has all again', () => partitionsOf(first).length === PARTITIONS);
    const after = purchases(400, 40, 400);
    await stage.publish(after);
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), [...shared, ...after]);
  });

  staged('a member that joins gets its share also while the others never rest', async (stage) => {
    let published = 0;
    const slowly = async (...[tx, events, context]: Parameters<typeof recordEffects>) => {
      await recordEffects(tx, events, context);
      await sleep(5);
    };
    const busy = await stage.start(slowly, { maxBatch: 10, concurrency: PARTITIONS });
    const feed = async (): Promise<void> => {
      await stage.publish(purchases(400, 40, published));
      published += 400;
    };
    await feed();
    const joining = await stage.start(slowly, { maxBatch: 10 });
    await until('the one that joined has its share', async () => {
      await feed();
      return partitionsOf(joining).length === 2 && partitionsOf(busy).length === 2;
    });
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), purchases(published, 40));
  });

  staged('kill -9 in the middle of a batch: nothing is lost, nothing takes effect twice', async (stage) => {
    const events = purchases(400, 40);
    await stage.publish(events);
    const victim = await stage.spawn({ inHandMs: 100 });
    // At a moment when some batches are done and another is in hand.
    await victim.waitFor('in-hand', 3);
    await victim.kill9();
    const heir = await stage.spawn();
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), events);
    expect(new Set(await pidsOf(stage))).toEqual(new Set([victim.pid, heir.pid]));
  });

  staged(
    'a member frozen before its transaction wakes to nothing left: its late batch has no effect',
    async (stage) => {
      const events = purchases(200, 40);
      await stage.publish(events);
      const zombie = await stage.spawn({ fetchedMs: 300 });
      await zombie.waitFor('handled', 2);
      await zombie.waitFor('fetched', zombie.count('handled') + 1);
      zombie.freeze();
      await stage.start();
      await stage.untilHandled();
      const handled = zombie.count('handled');
      zombie.thaw();
      await zombie.waitFor('handled', handled + 1);
      expectOnceInOrder(await stage.effects(), events);
      const more = purchases(200, 40, 200);
      await stage.publish(more);
      await stage.untilHandled();
      expectOnceInOrder(await stage.effects(), [...events, ...more]);
      expect(await zombie.stop()).toBe(0);
    },
  );

  staged(
    'a member frozen within its transaction blocks nobody for long, and its late commit has no effect',
    async (stage) => {
      const events = purchases(200, 40);
      await stage.publish(events);
      const zombie = await stage.spawn({ inHandMs: 300 });
      await zombie.waitFor('in-hand', 3);
      zombie.freeze();
      await stage.start();
      await stage.untilHandled();
      zombie.thaw();
      const more = purchases(200, 40, 200);
      await stage.publish(more);
      await stage.untilHandled();
      expectOnceInOrder(await stage.effects(), [...events, ...more]);
      expect(await zombie.stop()).toBe(0);
    },
  );

  staged(
    'a member frozen within its transaction that wakes in time may commit; who took over waits for it',
    async (stage) => {
      const events = purchases(200, 40);
      await stage.publish(events);
      const zombie = await stage.spawn({ inHandMs: 100, statementMs: 10_000 });
      // The first batch of a partition makes its fence: the lock of a later one is what is tried here.
      await zombie.waitFor('in-hand', 6);
      zombie.freeze();
      const heir = await stage.start();
      await until('the heir has all partitions', () => partitionsOf(heir).length === PARTITIONS);
      await until('the heir waits for the fence', async () => {
        const [row] = await stage.sql<{ n: number }[]>`select count(*) as n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%consumer_fence%'`;
        return (row?.n ?? 0) > 0;
      });
      zombie.thaw();
      await stage.untilHandled();
      expectOnceInOrder(await stage.effects(), events);
      expect(await zombie.stop()).toBe(0);
    },
  );

  staged('a batch that takes longer than the silence a member is allowed is handed over once', async (stage) => {
    const slowly = async (...[tx, batch, context]: Parameters<typeof recordEffects>) => {
      await recordEffects(tx, batch, context);
      await sleep(silenceMs * 1.5);
    };
    const first = await stage.start(slowly, { concurrency: PARTITIONS });
    // A member that would take over at once.
    const second = await stage.start(slowly, { concurrency: PARTITIONS });
    await until('each has half', () => partitionsOf(first).length === 2 && partitionsOf(second).length === 2);
    const events = purchases(40, 10);
    await stage.publish(events);
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), events);
    expect(stage.handedOver).toHaveLength(events.length);
  });

  staged('a stop while busy finishes what is in hand, and the next member is handed nothing again', async (stage) => {
    const events = purchases(1_000, 40);
    const slowly = async (...[tx, batch, context]: Parameters<typeof recordEffects>) => {
      await recordEffects(tx, batch, context);
      await sleep(20);
    };
    await stage.publish(events);
    const leaving = await stage.start(slowly, { maxBatch: 20 });
    await until('some are handled', () => stage.handedOver.length >= 100);
    await leaving.stop(STOP_LIMIT_MS);
    const handed = stage.handedOver.length;
    expect(await stage.effects()).toHaveLength(handed);
    expect(handed).toBeLessThan(1_000);
    await stage.start();
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), events);
    expect(stage.handedOver).toHaveLength(1_000);
  });

  staged(
    'a member that stops keeps its partitions while a long batch is in hand, and nobody is handed it again',
    async (stage) => {
      const events = purchases(40, 10);
      await stage.publish(events);
      const leaving = await stage.start(
        async (tx, batch, context) => {
          await recordEffects(tx, batch, context);
          await sleep(silenceMs * 1.5);
        },
        { concurrency: PARTITIONS },
      );
      await until('every partition is in hand', () => stage.handedOver.length === events.length);
      const stopped = leaving.stop(STOP_LIMIT_MS);
      await stage.start();
      await stopped;
      await stage.untilHandled();
      expectOnceInOrder(await stage.effects(), events);
      expect(stage.handedOver).toHaveLength(events.length);
    },
  );

  staged('a process that is asked to stop ends by itself: no timer, socket or pool is left', async (stage) => {
    const events = purchases(100, 40);
    await stage.publish(events);
    const member = await stage.spawn({ relay: 'runs' });
    await stage.untilHandled();
    expect(await member.stop()).toBe(0);
    expect(member.count('stopped')).toBe(1);
    expect(member.count('fatal')).toBe(0);
  });
};
