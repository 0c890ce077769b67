import { startLocalPostgres } from '@vafa/local-postgres';
import { openSql } from '@vafa/platform';

export interface BenchDatabase {
  url: string;
  /** Gives the disk back and stops the server. */
  drop(): Promise<void>;
}

const PREFIX = 'bench_';

/**
 * A database of one part of the bench, on a server with the default settings of PostgreSQL unless others are given, but for the
 * place of its data: the limit is measured on the same server. What parts that were broken off have left is removed first.
 */
export const openBenchDatabase = async (dir: string, settings: Record<string, string> = {}): Promise<BenchDatabase> => {
  const server = await startLocalPostgres({ dir, settings: { max_connections: '100', ...settings } });
  const name = `${PREFIX}${Date.now().toString(36)}`;
  const run = async (...statements: string[]): Promise<void> => {
    const sql = openSql({ url: server.url, max: 1, name: 'vafa-bench', statementTimeoutMs: 600_000 });
    for (const statement of statements) await sql.unsafe(statement);
    await sql.end({ timeout: 5 });
  };
  const sql = openSql({ url: server.url, max: 1, name: 'vafa-bench' });
  // Another bench may be at work on the same server.
  const left = await sql<{ name: string }[]>`select datname as name from pg_database d
    where starts_with(datname, ${PREFIX}) and not exists (select from pg_stat_activity a where a.datname = d.datname)`;
  await sql.end({ timeout: 5 });
  await run(...left.map((each) => `drop database if exists ${each.name}`), `create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await run(`drop database ${name} with (force)`);
      await server.stop();
    },
  };
};
