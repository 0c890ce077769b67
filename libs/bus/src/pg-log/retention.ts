import type { Sql } from '../sql.ts';

export interface RetentionOptions {
  /** Records younger than this are kept. */
  maxAgeMs: number;
  /** Bytes of one partition (as stored, roughly) beyond which its oldest handled records go early. */
  maxPartitionBytes: number;
}

/** Rows removed per statement: short transactions. */
const PORTION = 10_000;
const SAMPLE = 200;

/**
 * Removes what every group has handled and what is older than the age limit, or beyond the size limit. What some group has
 * not handled yet is never removed. Returns how many records went.
 */
export const removeOldRecords = async (sql: Sql, options: RetentionOptions): Promise<number> => {
  const partitions = await sql<{ topic: string; partition: number; handled: number; records: number }[]>`
    select p.topic, p.partition, coalesce(min(c.committed), p.next_offset) as handled,
      p.next_offset - p.first_offset as records
    from log_partition p left join log_cursor c using (topic, partition)
    where p.next_offset > p.first_offset group by p.topic, p.partition, p.next_offset, p.first_offset`;
  let removed = 0;
  for (const { topic, partition, handled, records } of partitions) {
    // Offsets are dense, so the size follows from a sample: no scan of the partition.
    const [sample] = await sql<{ bytes: number }[]>`
      select coalesce(avg(octet_length(headers) + coalesce(octet_length(value), 0) + coalesce(octet_length(value_bytes), 0)), 0)::float8
        as bytes
      from (select headers, value, value_bytes from log_record where topic = ${topic} and partition = ${partition}
        order by record_offset desc limit ${SAMPLE}) newest`;
    const affordable = Math.floor(options.maxPartitionBytes / Math.max(1, sample?.bytes ?? 1));
    const early = Math.max(0, records - affordable);
    const rows = await sql<{ last: number | null; removed: number }[]>`
      with gone as (
        delete from log_record r using (
          select record_offset from log_record
          where topic = ${topic} and partition = ${partition} and record_offset < ${handled}
          order by record_offset limit ${PORTION}
        ) old
        where r.topic = ${topic} and r.partition = ${partition} and r.record_offset = old.record_offset
          and (r.appended_at < clock_timestamp() - ${`${options.maxAgeMs} milliseconds`}::interval
            or r.record_offset < (select first_offset + ${early} from log_partition where topic = ${topic} and partition = ${partition}))
        returning r.record_offset
      ), counted as (select max(record_offset) as last, count(*) as removed from gone)
      update log_partition p set first_offset = greatest(p.first_offset, coalesce(counted.last + 1, p.first_offset))
      from counted where p.topic = ${topic} and p.partition = ${partition}
      returning counted.last, counted.removed`;
    removed += rows[0]?.removed ?? 0;
  }
  return removed;
};
