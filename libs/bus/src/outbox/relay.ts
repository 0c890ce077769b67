import type { Log } from '@vafa/kernel';
import { messageOf } from '@vafa/kernel';
import type { BusMetrics } from '../metrics.ts';
import type { EventBus, OutRecord } from '../port.ts';
import { backOffMs, sleep } from '../sleep.ts';
import type { Sql } from '../sql.ts';

export interface RelayOptions {
  service: string;
  sql: Sql;
  bus: EventBus;
  log: Log;
  metrics: BusMetrics;
  /** Most records per publish. */
  maxBatch?: number;
  /** Longest wait between two looks at an empty outbox. */
  idlePollMs?: number;
}

export interface Relay {
  /** Look now: something was just committed. */
  wake(): void;
  stop(): Promise<void>;
}

interface OutboxRow {
  id: number;
  topic: string;
  key: string;
  headers: string;
  value: string | null;
  valueBytes: Buffer | null;
}

const MIN_POLL_MS = 20;
/** How long another process may hold the relay before this one looks again. */
const STANDBY_MS = 1_000;

const toRecord = (row: OutboxRow): OutRecord => ({
  topic: row.topic,
  key: row.key,
  headers: JSON.parse(row.headers) as Record<string, string>,
  value: row.valueBytes ?? row.value,
});

/**
 * Publishes what the service's transactions put into the outbox, oldest first, and deletes it once the bus has it.
 * Rows are found by being there, not by an id remembered, so one that commits late is not skipped. One relay per service
 * works at a time (advisory lock on its own connection); a crash between publish and delete publishes again: consumers
 * tell duplicates by natural keys.
 */
export const startRelay = (options: RelayOptions): Relay => {
  const { sql, bus, log, metrics, service, maxBatch = 1_000, idlePollMs = 200 } = options;
  const stopping = new AbortController();
  let pending = false;
  let wakeUp: (() => void) | undefined;

  const idle = async (ms: number): Promise<void> => {
    if (pending) return;
    const waiting = new AbortController();
    wakeUp = () => waiting.abort();
    await sleep(ms, AbortSignal.any([waiting.signal, stopping.signal]));
    wakeUp = undefined;
  };

  const relayOnce = async (connection: Sql): Promise<number> => {
    const rows = await connection<OutboxRow[]>`
      select id, topic, key, headers, value, value_bytes as "valueBytes" from outbox order by id limit ${maxBatch}`;
    if (rows.length === 0) return 0;
    await bus.publish(rows.map(toRecord));
    await connection`delete from outbox where id = any(${rows.map(({ id }) => id)}::bigint[])`;
    metrics.outboxPublished.inc({ service }, rows.length);
    return rows.length;
  };

  /** Works as long as this process holds the lock; a lost connection loses it and ends here with a throw. */
  const lead = async (connection: Sql): Promise<void> => {
    let pollMs = MIN_POLL_MS;
    while (!stopping.signal.aborted) {
      pending = false;
      const moved = await relayOnce(connection);
      pollMs = moved > 0 ? MIN_POLL_MS : Math.min(pollMs * 2, idlePollMs);
      if (moved < maxBatch) await idle(moved > 0 ? 0 : pollMs);
    }
  };

  const run = async (): Promise<void> => {
    for (let attempt = 0; !stopping.signal.aborted; ) {
      try {
        const connection = await sql.reserve();
        try {
          const [row] = await connection<{ mine: boolean }[]>`
            select pg_try_advisory_lock(hashtextextended(${`vafa.relay.${service}`}, 0)) as mine`;
          attempt = 0;
          if (row?.mine) {
            try {
              await lead(connection as unknown as Sql);
            } finally {
              await connection`select pg_advisory_unlock_all()`;
            }
          } else {
            await sleep(STANDBY_MS, stopping.signal);
          }
        } finally {
          connection.release();
        }
      } catch (error) {
        if (stopping.signal.aborted) return;
        attempt += 1;
        log.warn({ err: messageOf(error), service, attempt }, 'outbox relay interrupted, trying again');
        await sleep(backOffMs(attempt), stopping.signal);
      }
    }
  };

  const done = run();
  return {
    wake: () => {
      pending = true;
      wakeUp?.();
    },
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
};

/** Rows waiting in the outbox and the age of the oldest, for metrics and for knowing when all is quiet. */
export const outboxState = async (sql: Sql): Promise<{ depth: number; oldestSeconds: number }> => {
  const [row] = await sql<{ depth: number; oldest: number }[]>`
    select count(*) as depth, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest from outbox`;
  return { depth: row?.depth ?? 0, oldestSeconds: row?.oldest ?? 0 };
};
