import type { InRecord } from '../port.ts';
import type { Sql } from '../sql.ts';

/** Bytes of a batch beyond which it ends early, so that large records can't fill the memory. */
const MAX_BATCH_BYTES = 16_000_000;

interface Row {
  offset: number;
  key: string;
  headers: string;
  value: string | null;
  valueBytes: Buffer | null;
  appendedAt: string;
}

/** Records of one partition from an offset on, in order: at most `limit`, and no more bytes than a batch may have. */
export const fetchRecords = async (
  sql: Sql,
  topic: string,
  partition: number,
  from: bigint,
  limit: number,
): Promise<InRecord[]> => {
  const rows = await sql<Row[]>`
    select record_offset as "offset", key, headers, value, value_bytes as "valueBytes", appended_at as "appendedAt"
    from (
      select *, sum(coalesce(octet_length(value), 0) + coalesce(octet_length(value_bytes), 0)) over (order by record_offset)
        as bytes
      from log_record where topic = ${topic} and partition = ${partition} and record_offset >= ${from.toString()}::bigint
      order by record_offset limit ${limit}
    ) r
    where bytes <= ${MAX_BATCH_BYTES} or record_offset = ${from.toString()}::bigint
    order by record_offset`;
  return rows.map((row) => ({
    topic,
    partition,
    offset: BigInt(row.offset),
    key: row.key,
    headers: JSON.parse(row.headers) as Record<string, string>,
    value: row.valueBytes ?? row.value,
    timestampMs: Date.parse(row.appendedAt),
  }));
};
