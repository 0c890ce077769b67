import type { Sql } from '../sql.ts';

export interface RetentionOptions {
  /** Records younger than this are kept. */
  maxAgeMs: number;
  /** Bytes of one partition (as stored, roughly) beyond which its oldest handled records go early. */
  maxPartitionBytes: number;
}

/** Rows removed per statement: short transactions. */
const PORTION = 10_000;
/** Statements per partition and run: the next run goes on. */
const MAX_PORTIONS = 100;
const SAMPLE = 200;

interface Partition {
  topic: string;
  partition: number;
  /** Every group has handled what lies below. */
  handled: number;
  first: number;
  next: number;
}

/** Offset below which a partition is too large. Offsets are dense, so it follows from a sample: no scan. */
const findLargeBelow = async (sql: Sql, { topic, partition, first, next }: Partition, maxBytes: number) => {
  const [sample] = await sql<{ bytes: number }[]>`
    select coalesce(avg(octet_length(headers) + coalesce(octet_length(value), 0) + coalesce(octet_length(value_bytes), 0)), 0)::float8
      as bytes
    from (select headers, value, value_bytes from log_record where topic = ${topic} and partition = ${partition}
      order by record_offset desc limit ${SAMPLE}) newest`;
  const affordable = Math.floor(maxBytes / Math.max(1, sample?.bytes ?? 1));
  return Math.max(first, next - affordable);
};

/** Removes up to a portion of the oldest records that may go. Returns how many went. */
const removePortion = async (
  sql: Sql,
  { topic, partition, handled }: Partition,
  largeBelow: number,
  maxAgeMs: number,
): Promise<number> => {
  const [row] = await sql<{ removed: number }[]>`
    with oldest as (
      select record_offset, appended_at from log_record
      where topic = ${topic} and partition = ${partition} and record_offset < ${handled}
      order by record_offset limit ${PORTION}
    ), gone as (
      delete from log_record r using oldest
      where r.topic = ${topic} and r.partition = ${partition} and r.record_offset = oldest.record_offset
        and (oldest.appended_at < clock_timestamp() - ${`${maxAgeMs} milliseconds`}::interval
          or oldest.record_offset < ${largeBelow})
      returning r.record_offset
    ), counted as (select max(record_offset) as last, count(*) as removed from gone)
    update log_partition p set first_offset = greatest(p.first_offset, coalesce(counted.last + 1, p.first_offset))
    from counted where p.topic = ${topic} and p.partition = ${partition}
    returning counted.removed`;
  return row?.removed ?? 0;
};

/**
 * Removes what every group has handled and what is older than the age limit, or beyond the size limit. What some group has
 * not handled yet is never removed. Returns how many records went.
 */
export const removeOldRecords = async (sql: Sql, options: RetentionOptions): Promise<number> => {
  const partitions = await sql<Partition[]>`
    select p.topic, p.partition, coalesce(min(c.committed), p.next_offset) as handled, p.first_offset as first,
      p.next_offset as next
    from log_partition p left join log_cursor c using (topic, partition)
    where p.next_offset > p.first_offset group by p.topic, p.partition`;
  let total = 0;
  for (const each of partitions) {
    const largeBelow = await findLargeBelow(sql, each, options.maxPartitionBytes);
    for (let portion = 0; portion < MAX_PORTIONS; portion++) {
      const removed = await removePortion(sql, each, largeBelow, options.maxAgeMs);
      total += removed;
      if (removed < PORTION) break;
    }
  }
  return total;
};
