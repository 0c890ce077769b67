import { readFences, resetFence } from '@vafa/bus';
import { expect } from 'vitest';
import { purchases, TOPIC } from '../shop-events.ts';
import type { StagedTest } from '../stage.ts';
import { until } from '../until.ts';
import { expectOnceInOrder } from './order.ts';

export const fenceContract = (staged: StagedTest): void => {
  staged("what the group's offset ran ahead of is read again from the fence", async (stage) => {
    const first = purchases(100, 10);
    await stage.publish(first);
    const consumer = await stage.start();
    await stage.untilHandled();
    await consumer.stop(10_000);
    // As after restoring the database from a backup: the effects are gone, the broker's offset is not.
    await stage.sql`delete from effect where grp = ${stage.group}`;
    await stage.sql`update consumer_fence set next_offset = 0 where grp = ${stage.group}`;
    const second = purchases(40, 10, 100);
    await stage.publish(second);
    await stage.start();
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), [...first, ...second]);
  });

  staged('a fence that was set back while running is noticed with the next event, each time', async (stage) => {
    const first = purchases(40, 10);
    await stage.publish(first);
    await stage.start();
    await stage.untilHandled();
    for (let round = 1; round <= 2; round++) {
      await stage.sql`delete from effect where grp = ${stage.group}`;
      expect(await resetFence(stage.sql, stage.group, TOPIC.name)).toBe(4);
      await stage.publish(purchases(40, 10, 40 * round));
      await stage.untilHandled();
      expectOnceInOrder(await stage.effects(), purchases(40 * (round + 1), 10));
    }
  });

  staged(
    'a log that is shorter than the fence keeps the service from starting, until the fence is reset',
    async (stage) => {
      const events = purchases(40, 10);
      await stage.publish(events);
      const consumer = await stage.start();
      await stage.untilHandled();
      await consumer.stop(10_000);
      await stage.sql`delete from effect where grp = ${stage.group}`;
      await stage.sql`update consumer_fence set next_offset = 1000000 where grp = ${stage.group} and partition = 2`;
      await expect(stage.start()).rejects.toThrow(
        /the log is shorter than what was handled.*vafa.purchases\/2 ends at \d+, handled up to 1000000.*npm run fence/s,
      );
      expect(await resetFence(stage.sql, stage.group, TOPIC.name)).toBe(4);
      const more = purchases(40, 10, 40);
      await stage.publish(more);
      await stage.start();
      await stage.untilHandled();
      expectOnceInOrder(await stage.effects(), [...events, ...more]);
      expect((await readFences(stage.sql, stage.group)).every(({ nextOffset }) => nextOffset < 1_000)).toBe(true);
    },
  );

  staged(
    'a log that becomes shorter while the service runs ends the service instead of dropping events',
    async (stage) => {
      await stage.publish(purchases(40, 10));
      await stage.start();
      await stage.untilHandled();
      await stage.sql`update consumer_fence set next_offset = 1000000 where grp = ${stage.group}`;
      await stage.publish(purchases(10, 10, 40));
      await until('the service ends', () => stage.fatal.length > 0);
      expect(String(stage.fatal[0])).toMatch(
        /can't go on: vafa.purchases\/\d ends at \d+, but was handled up to 1000000/,
      );
      const [row] =
        await stage.sql`select count(*) as n from consumer_fence where grp = ${stage.group} and next_offset = 1000000`;
      expect(row?.n).toBe(4);
    },
  );

  staged('a topic that the service does not hear any more may be gone', async (stage) => {
    await stage.sql`insert into consumer_fence (grp, topic, partition, next_offset) values (${stage.group}, 'vafa.old', 0, 77)`;
    const events = purchases(10, 5);
    await stage.publish(events);
    await stage.start();
    await stage.untilHandled();
    expectOnceInOrder(await stage.effects(), events);
  });
};
