import type { Sql } from '@vafa/bus';
import { messageOf } from '@vafa/kernel';
import { AUTH_MIGRATIONS, checkSchema, openSql } from '@vafa/platform';
import { refuse } from './command-line.ts';
import { EXIT_SETTINGS, readSettings, variables } from './environment.ts';
import { localFolder, readKept } from './local-folder.ts';
import { allSchemas, serviceNames } from './service-names.ts';

/** The administrator's URL: DATABASE_URL, or that of the database `npm start` runs here. */
const adminUrl = (): string => {
  const url = readSettings().DATABASE_URL || readKept(localFolder(variables.VAFA_HOME), 'database-url');
  return url ?? refuse('no database: set DATABASE_URL, or run `npm start` first', EXIT_SETTINGS);
};

/** Gives an operator's command a connection and turns what fails into one line. `schema` is a service's name, or auth. */
export const withDatabase = async (schema: string, work: (sql: Sql) => Promise<void>): Promise<void> => {
  const sql = openSql({
    url: adminUrl(),
    max: 2,
    name: 'vafa-operator',
    schema,
    statementTimeoutMs: 60_000,
    parallel: true,
  });
  try {
    const migrations = [AUTH_MIGRATIONS, ...allSchemas()].find(({ name }) => name === schema);
    if (migrations) await checkSchema(sql, migrations);
    await work(sql);
  } catch (error) {
    const code = (error as { code?: string }).code;
    process.exitCode = 1;
    process.stderr.write(
      code === 'ECONNREFUSED'
        ? 'the database does not answer: is `npm start` running?\n'
        : `vafa: ${messageOf(error)}\n`,
    );
  } finally {
    await sql.end({ timeout: 5 });
  }
};

/** @returns the name, if it is a service's; ends the command otherwise */
export const knownService = (name: string | undefined): string =>
  name && serviceNames().includes(name) ? name : refuse(`name a service: ${serviceNames().join(', ')}`);

/** A plain table for the terminal. */
export const table = (rows: readonly Record<string, unknown>[]): string => {
  const first = rows[0];
  if (!first) return '(none)';
  const columns = Object.keys(first);
  const widths = columns.map((name) => Math.max(name.length, ...rows.map((row) => String(row[name] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] as number))
      .join('  ')
      .trimEnd();
  return [
    line(columns),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map((row) => line(columns.map((name) => String(row[name] ?? '')))),
  ].join('\n');
};
