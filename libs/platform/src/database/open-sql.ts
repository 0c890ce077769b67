import type { Sql } from '@vafa/bus';
import { assert } from '@vafa/kernel';
import postgres from 'postgres';

export interface OpenSqlOptions {
  url: string;
  /** Connections at most. */
  max: number;
  /** Shown in pg_stat_activity. */
  name: string;
  statementTimeoutMs?: number;
  /** Schema of unqualified names; the role's own when not given. */
  schema?: string;
  /** May one query use several processes of the server? For whoever has the server to itself. */
  parallel?: boolean;
}

const toNumber = (text: string): number => {
  const value = Number(text);
  assert(Number.isSafeInteger(value), 'a bigint from the database fits an exact number');
  return value;
};

/** How instants come and go: as text, parsed by Temporal where they are used. */
const asText = {
  to: 1184,
  from: [1082, 1114, 1184],
  serialize: (value: unknown) => String(value),
  parse: (text: string) => text,
};

/**
 * A pool on Postgres. bigint comes as an exact number, timestamps as text. Custom plans are forced: a prepared statement
 * over `unnest` would switch to a generic plan after five runs and fall to a third of its speed.
 */
export const openSql = (options: OpenSqlOptions): Sql => {
  const { statementTimeoutMs = 10_000 } = options;
  return postgres(options.url, {
    max: options.max,
    connect_timeout: 5,
    idle_timeout: 300,
    // Seconds between attempts to connect again; queries wait meanwhile.
    backoff: (attempts: number) => Math.min(2, 0.05 * 2 ** attempts),
    onnotice: () => undefined,
    types: {
      bigint: { to: 20, from: [20], serialize: (value: number) => String(value), parse: toNumber },
      date: asText as never,
    },
    connection: {
      application_name: options.name,
      plan_cache_mode: 'force_custom_plan',
      // Tables in use lie in memory: with the default of 4 a batch update reads whole tables instead of their index.
      random_page_cost: '1.1',
      statement_timeout: statementTimeoutMs,
      lock_timeout: Math.ceil(statementTimeoutMs / 2),
      idle_in_transaction_session_timeout: statementTimeoutMs * 3,
      timezone: 'UTC',
      // A service's query that reads much must not take the processors from those that somebody waits for.
      ...(options.parallel ? {} : { max_parallel_workers_per_gather: '0' }),
      ...(options.schema ? { search_path: options.schema } : {}),
    },
  }) as unknown as Sql;
};
