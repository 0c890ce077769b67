import type { Log } from '@vafa/kernel';
import { createGatheredCall } from '../gather.ts';
import { MAX_PARTITIONS_IN_HAND } from '../limits.ts';
import type { BatchHandler, RecordBatch } from '../port.ts';
import type { Sql } from '../sql.ts';
import type { Chaos } from './chaos.ts';
import { fetchRecords, type Position } from './fetch-records.ts';
import type { Heads } from './heads.ts';
import type { Lease, Membership, Reached } from './membership.ts';

/** Partitions that are read, or noted as handled, by one statement, and statements at the same time. */
const TOGETHER = { places: 2, most: MAX_PARTITIONS_IN_HAND };

/** A partition this member reads. */
export interface Held {
  readonly lease: Lease;
  /** Offset to read next. */
  position: bigint;
  busy: boolean;
  /** To be given to another member once the batch in hand is done. */
  leaving: boolean;
  failures: number;
  readonly lost: AbortController;
}

export interface ReadBatchDeps {
  sql: Sql;
  heads: Heads;
  log: Log;
  chaos: Chaos;
  membership: Membership;
  maxBatch: number;
  handler: BatchHandler;
  stopping: AbortSignal;
}

const happens = (chaos: Chaos, rate: number): boolean => rate > 0 && chaos.random() < rate;

/**
 * Makes the function that reads a batch of a partition, hands it over, and commits the offset after the handler: what
 * crashes between comes again. 'lost' when the partition is another member's by now, 'surrendered' when chaos says so.
 * Throws what the handler throws: the position stays.
 */
export const createReadBatch = (deps: ReadBatchDeps) => {
  const { sql, heads, log, chaos, membership, maxBatch, handler, stopping } = deps;
  const fetch = createGatheredCall((positions: Position[]) => fetchRecords(sql, positions, maxBatch), TOGETHER);
  const note = createGatheredCall((reached: Reached[]) => membership.commit(reached), TOGETHER);

  const toBatch = async (each: Held): Promise<RecordBatch | undefined> => {
    const { topic, partition } = each.lease;
    const records = await fetch({ topic, partition, offset: each.position });
    const [first, last] = [records[0], records.at(-1)];
    if (!first || !last) return undefined;
    if (last.offset - first.offset !== BigInt(records.length - 1))
      log.error({ topic, partition, from: String(first.offset), to: String(last.offset) }, 'the log has a hole');
    const head = heads.get(topic, partition);
    const highWatermark = head > last.offset ? head : last.offset + 1n;
    const signal = AbortSignal.any([each.lost.signal, stopping]);
    return { topic, partition, records, readFrom: each.position, highWatermark, signal };
  };

  const commit = async (each: Held, next: bigint): Promise<'done' | 'lost'> => {
    if (!(await note({ lease: each.lease, next }))) return 'lost';
    each.position = next;
    return 'done';
  };

  return async (each: Held): Promise<'done' | 'lost' | 'surrendered'> => {
    // Seen before reading: an empty answer means that nothing is left below it.
    const head = heads.get(each.lease.topic, each.lease.partition);
    const batch = await toBatch(each);
    // Retention removed what lay here: go on where the log goes on.
    if (!batch) return commit(each, head);
    let outcome = await handler(batch);
    if (happens(chaos, chaos.duplicateRate)) outcome = await handler(batch);
    if (outcome.kind === 'seek') {
      each.position = outcome.offset;
      return 'done';
    }
    if (happens(chaos, chaos.forgetCommitRate)) return 'done';
    const committed = await commit(each, nextOf(batch));
    return committed === 'done' && happens(chaos, chaos.rebalanceRate) ? 'surrendered' : committed;
  };
};

const nextOf = ({ records }: RecordBatch): bigint => (records.at(-1)?.offset ?? -1n) + 1n;
