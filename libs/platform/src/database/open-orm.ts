import type { Sql } from '@vafa/bus';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';

type Converters = Record<string, unknown>;

/** date[], timestamptz[], timestamp[], numeric[] (their type numbers in Postgres). */
const ARRAY_TYPES = ['1182', '1185', '1115', '1231'];

/**
 * drizzle over a pool that raw SQL uses too. drizzle replaces the pool's converters of dates, which change nothing here
 * (timestamps are text already), and also those of arrays of dates, with functions that let arrays through as they are:
 * a parameter such as `${instants}::timestamptz[]` would then fail. Those are taken away again.
 */
export const openOrm = (sql: Sql): PostgresJsDatabase => {
  const { parsers, serializers } = sql.options as unknown as { parsers: Converters; serializers: Converters };
  const orm = drizzle(sql as never);
  for (const type of ARRAY_TYPES) {
    delete parsers[type];
    delete serializers[type];
  }
  return orm as unknown as PostgresJsDatabase;
};
