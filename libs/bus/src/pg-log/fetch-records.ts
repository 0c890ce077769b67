import { plainArray } from '../array-literal.ts';
import type { InRecord } from '../port.ts';
import type { Sql } from '../sql.ts';

/** Bytes of a batch beyond which it ends early: with all that a member has in hand, large records can't fill the memory. */
const MAX_BATCH_BYTES = 4_000_000;

/** Where to read. */
export interface Position {
  topic: string;
  partition: number;
  offset: bigint;
}

interface Row {
  /** Which of the positions, from 1 on. */
  n: number;
  offset: number;
  key: string;
  headers: string;
  value: string | null;
  valueBytes: Buffer | null;
  appendedAt: string;
}

const toRecord = ({ topic, partition }: Position, row: Row): InRecord => ({
  topic,
  partition,
  offset: BigInt(row.offset),
  key: row.key,
  headers: JSON.parse(row.headers) as Record<string, string>,
  value: row.valueBytes ?? row.value,
  timestampMs: Date.parse(row.appendedAt),
});

/**
 * Records from each of the positions on, in order: of each at most `limit`, and no more bytes than a batch may have; by one
 * statement, as most of what a look for a few records costs is the statement.
 */
export const fetchRecords = async (sql: Sql, positions: readonly Position[], limit: number): Promise<InRecord[][]> => {
  const rows = await sql<Row[]>`
    select w.n::integer as n, record_offset as "offset", key, headers, value, value_bytes as "valueBytes",
      appended_at as "appendedAt"
    from unnest(
      ${plainArray(positions.map(({ topic }) => topic))}::text[], ${plainArray(positions.map(({ partition }) => partition))}::integer[],
      ${plainArray(positions.map(({ offset }) => String(offset)))}::bigint[]
    ) with ordinality as w(topic, partition, from_offset, n)
    cross join lateral (
      select * from (
        select *, sum(coalesce(octet_length(value), 0) + coalesce(octet_length(value_bytes), 0)) over (order by record_offset)
          as bytes
        from log_record where topic = w.topic and partition = w.partition and record_offset >= w.from_offset
        order by record_offset limit ${limit}
      ) next
      where bytes <= ${MAX_BATCH_BYTES} or record_offset = w.from_offset
    ) r`;
  const found = positions.map((): InRecord[] => []);
  for (const row of rows) found[row.n - 1]?.push(toRecord(positions[row.n - 1] as Position, row));
  // In order already, as a rule; sorting in the database would carry every value through it.
  for (const records of found) records.sort((a, b) => Number(a.offset - b.offset));
  return found;
};
