import type { InRecord, Sql } from '@vafa/bus';

/** Tables that a purchase of a known customer adds a row to. */
const TABLES = ['purchase', 'transfer', 'lot', 'outbox'] as const;

export interface Footprint {
  /** Events' worth of rows per second, one session. */
  eventsPerSecond: number;
  rowsPerEvent: Record<string, number>;
}

const readAll = async (sql: Sql, query: string): Promise<Buffer[]> => {
  const connection = await sql.reserve();
  const readable = await connection.unsafe(query).readable();
  const chunks: Buffer[] = [];
  for await (const chunk of readable) chunks.push(chunk as Buffer);
  connection.release();
  return chunks;
};

const writeAll = async (sql: Sql, query: string, chunks: readonly Buffer[]): Promise<void> => {
  const connection = await sql.reserve();
  const writable = await connection.unsafe(query).writable();
  for (const chunk of chunks)
    if (!writable.write(chunk)) await new Promise((resolve) => writable.once('drain', resolve));
  await new Promise((resolve, reject) => {
    writable.once('finish', resolve);
    writable.once('error', reject);
    writable.end();
  });
  connection.release();
};

/** As COPY reads it: https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS */
const SPECIAL = /[\\\t\n\r]/g;
const ESCAPED: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const field = (text: string | null): string =>
  text === null ? '\\N' : text.replace(SPECIAL, (each) => ESCAPED[each] as string);
const LINES_A_CHUNK = 500;

/** Records as the outbox had them before the relay took them away. */
const outboxRows = (records: readonly InRecord[]): Buffer[] => {
  const createdAt = new Date().toISOString();
  const lines = records.map(({ topic, key, headers, value }, i) =>
    [String(i), topic, key, JSON.stringify(headers), value === null ? null : value.toString(), null, createdAt]
      .map(field)
      .join('\t'),
  );
  const chunks: Buffer[] = [];
  for (let i = 0; i < lines.length; i += LINES_A_CHUNK)
    chunks.push(Buffer.from(`${lines.slice(i, i + LINES_A_CHUNK).join('\n')}\n`));
  return chunks;
};

/**
 * The limit of booking: COPY of all rows that the newest events made, as they are, into tables with the same columns, checks
 * and indexes. The customer's balance is left out, as COPY can't update, and so is the batch's one row of `seal`, which makes
 * the limit the harder one. `published` stands for the outbox where a relay has emptied it.
 */
export const copyFootprint = async (sql: Sql, most: number, published?: readonly InRecord[]): Promise<Footprint> => {
  const [booked] = await sql<{ n: number }[]>`select count(*) as n from ledger.purchase`;
  const events = Math.min(most, booked?.n ?? 0);
  await sql.unsafe('drop schema if exists bench_copy cascade; create schema bench_copy');
  const rowsPerEvent: Record<string, number> = {};
  let seconds = 0;
  for (const table of TABLES) {
    await sql.unsafe(`create table bench_copy.${table} (like ledger.${table} including all)`);
    const key = table === 'purchase' ? 'order_id' : 'id';
    const chunks =
      table === 'outbox' && published
        ? outboxRows(published)
        : await readAll(sql, `copy (select * from ledger.${table} order by ${key} desc limit ${events}) to stdout`);
    const at = performance.now();
    await writeAll(sql, `copy bench_copy.${table} from stdin`, chunks);
    seconds += (performance.now() - at) / 1_000;
    const [row] = await sql.unsafe<{ n: number }[]>(`select count(*) as n from bench_copy.${table}`);
    rowsPerEvent[table] = (row?.n ?? 0) / events;
  }
  await sql.unsafe('drop schema bench_copy cascade');
  return { eventsPerSecond: events / seconds, rowsPerEvent };
};
