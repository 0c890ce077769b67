import type { Log } from '@vafa/kernel';
import { messageOf } from '@vafa/kernel';
import type { BusMetrics } from '../metrics.ts';
import type { EventBus, OutRecord } from '../port.ts';
import { backOffMs, createWaiter, sleep } from '../sleep.ts';
import type { Queryable, Sql } from '../sql.ts';
import { createFloor, type Floor, type Look } from './floor.ts';

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
  /** What waits. Whichever process has the relay is quicker with the answer. */
  state(): Promise<OutboxState>;
  stop(): Promise<void>;
}

export interface OutboxState {
  /** Rows that wait. */
  depth: number;
  /** Age of the oldest; 0 when there is none. */
  oldestSeconds: number;
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

const toRecord = ({ topic, key, headers, value, valueBytes }: OutboxRow): OutRecord => ({
  ...{ topic, key, headers },
  value: valueBytes ?? value,
});

/** What was given out, and who still wrote, at an instant before the look that is sent along with it. */
const horizonOf = async (connection: Queryable): Promise<Pick<Look, 'lastId' | 'oldestWriter'>> => {
  const [row] = await connection<[Pick<Look, 'lastId' | 'oldestWriter'>]>`
    select coalesce(pg_sequence_last_value('outbox_id_seq'), 0) as "lastId",
      pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "oldestWriter"`;
  return row;
};

/** Need not wait for the disk: what comes back after a crash is published again. Returns the transaction's number. */
const remove = async (connection: Queryable, ids: readonly number[]): Promise<number> => {
  const [row] = await connection<[{ writer: number }]>`
    with relaxed as materialized (select set_config('synchronous_commit', 'off', true)),
    gone as (delete from outbox using relaxed where id = any(${ids}::bigint[]))
    select pg_current_xact_id()::text::bigint as writer`;
  return row.writer;
};

/** Publishes the oldest rows, then deletes them. Returns how many. */
const createRelayOnce = ({ service, bus, metrics, maxBatch = 1_000 }: RelayOptions) => {
  const relayOnce = async (connection: Queryable, floor: Floor): Promise<number> => {
    const [horizon, rows] = await Promise.all([
      horizonOf(connection),
      connection<OutboxRow[]>`
        select id, topic, key, headers, value, value_bytes as "valueBytes" from outbox
        where id >= ${floor.from()} order by id limit ${maxBatch}`,
    ]);
    const reach = rows.length < maxBatch ? Number.POSITIVE_INFINITY : (rows.at(-1)?.id ?? 0);
    if (rows.length === 0) floor.passed({ ...horizon, reach, deleter: undefined });
    else {
      await bus.publish(rows.map(toRecord));
      const ids = rows.map(({ id }) => id);
      floor.passed({ ...horizon, reach, deleter: await remove(connection, ids) });
      metrics.outboxPublished.inc({ service }, rows.length);
    }
    return rows.length;
  };
  return { relayOnce, maxBatch };
};

/**
 * Publishes what the service's transactions put into the outbox, oldest first, and deletes it once the bus has it.
 * Rows are found by being there; the id from which they are looked for rises only once no writer is left that might still
 * commit a lower one. One relay per service works at a time (advisory lock on its own connection); a crash between publish and
 * delete publishes again: consumers tell duplicates by natural keys.
 */
export const startRelay = (options: RelayOptions): Relay => {
  const { sql, log, service, idlePollMs = 200 } = options;
  const { relayOnce, maxBatch } = createRelayOnce(options);
  const stopping = new AbortController();
  const waiter = createWaiter(stopping.signal);
  let floor = createFloor();

  /** Works as long as this process holds the lock; a lost connection loses it and ends here with a throw. */
  const lead = async (connection: Queryable): Promise<void> => {
    let pollMs = MIN_POLL_MS;
    while (!stopping.signal.aborted) {
      const moved = await relayOnce(connection, floor);
      pollMs = moved > 0 ? MIN_POLL_MS : Math.min(pollMs * 2, idlePollMs);
      // What comes while a batch is published goes together in the next one.
      if (moved < maxBatch) await waiter.wait(moved > 0 ? 0 : pollMs);
    }
  };

  /** False when another process has the lock. */
  const leadIfFree = async (): Promise<boolean> => {
    const connection = await sql.reserve();
    try {
      const [row] = await connection<{ mine: boolean }[]>`
        select pg_try_advisory_lock(hashtextextended(${`vafa.relay.${service}`}, 0)) as mine`;
      if (!row?.mine) return false;
      await lead(connection);
      await connection`select pg_advisory_unlock_all()`;
      return true;
    } catch (error) {
      // The lock must not stay with a connection that goes back to the pool. A lost connection has lost it anyway.
      await connection`select pg_advisory_unlock_all()`.catch(() => undefined);
      throw error;
    } finally {
      // It was this connection's: a database that comes back from a crash may give ids out anew.
      floor = createFloor();
      connection.release();
    }
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        if (!(await leadIfFree())) await sleep(STANDBY_MS, stopping.signal);
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures += 1;
        log.warn({ err: messageOf(error), service, failures }, 'outbox relay interrupted, trying again');
        await sleep(backOffMs(failures), stopping.signal);
      }
    }
  };

  const done = run();
  return {
    wake: () => waiter.wake(),
    state: () => outboxState(sql, floor.from()),
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
};

/**
 * What waits in the outbox, for metrics and for knowing when all is quiet.
 * @param from no row can have a lower id
 */
export const outboxState = async (sql: Sql, from = 0): Promise<OutboxState> => {
  const [row] = await sql<{ depth: number; oldest: number }[]>`
    select count(*) as depth, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest
    from outbox where id >= ${from}`;
  return { depth: row?.depth ?? 0, oldestSeconds: row?.oldest ?? 0 };
};
