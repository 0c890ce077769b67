import { type Log, messageOf } from '@vafa/kernel';
import { backOffMs, createWaiter, sleep } from '../sleep.ts';
import type { Sql } from '../sql.ts';

const MIN_POLL_MS = 20;

/** Key of a partition in maps. */
export const partitionKey = (topic: string, partition: number): string => `${topic}/${partition}`;

/**
 * Watches where the partitions end, once for all groups of a process: 20 ms after activity, slower when idle. Publishing
 * through the same process wakes it at once, so an idle house answers quickly without polling hard.
 */
export const createHeads = (options: { sql: Sql; log: Log; idlePollMs: number }) => {
  const { sql, log, idlePollMs } = options;
  const stopping = new AbortController();
  const waiter = createWaiter(stopping.signal);
  const heads = new Map<string, bigint>();
  const watchers = new Set<() => void>();
  const topics = new Set<string>();
  let running: Promise<void> | undefined;

  const look = async (): Promise<boolean> => {
    const rows = await sql<{ topic: string; partition: number; nextOffset: number }[]>`
      select topic, partition, next_offset as "nextOffset" from log_partition where topic = any(${[...topics]}::text[])`;
    let moved = false;
    for (const { topic, partition, nextOffset } of rows) {
      const name = partitionKey(topic, partition);
      const next = BigInt(nextOffset);
      if (heads.get(name) !== next) {
        heads.set(name, next);
        moved = true;
      }
    }
    return moved;
  };

  const run = async (): Promise<void> => {
    let pollMs = MIN_POLL_MS;
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        const moved = await look();
        failures = 0;
        pollMs = moved ? MIN_POLL_MS : Math.min(idlePollMs, pollMs * 1.5);
        if (moved) for (const notify of watchers) notify();
        await waiter.wait(pollMs);
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures += 1;
        log.warn({ err: messageOf(error), failures }, 'the log can not be read, trying again');
        await sleep(backOffMs(failures), stopping.signal);
      }
    }
  };

  return {
    /** The next offset of a partition, as last seen. */
    get: (topic: string, partition: number): bigint => heads.get(partitionKey(topic, partition)) ?? 0n,
    /** Calls `notify` whenever a partition grew. Returns how to end that. */
    watch: (names: readonly string[], notify: () => void): (() => void) => {
      for (const name of names) topics.add(name);
      watchers.add(notify);
      running ??= run();
      waiter.wake();
      return () => watchers.delete(notify);
    },
    wake: (): void => waiter.wake(),
    stop: async (): Promise<void> => {
      stopping.abort();
      await running;
    },
  };
};

export type Heads = ReturnType<typeof createHeads>;
