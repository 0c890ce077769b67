import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type LocalPostgres, startLocalPostgres } from '@vafa/local-postgres';
import { AUTH_MIGRATIONS, createLog, migrateAll, openSql } from '@vafa/platform';
import { testPostgresFolder } from './test-folder.ts';
import { allSchemas } from './workspace.ts';

/** The passwords of the service roles in tests follow from this. */
export const TEST_ROLE_SECRET = 'tests only';

/**
 * Settings for a server whose data nobody needs after the run. A killed process loses nothing without fsync, only a power
 * cut would, so crash tests still mean what they say.
 */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '256MB',
  max_wal_size: '1GB',
  // What is left when it stops is small: no old segments that are kept for later.
  wal_recycle: 'off',
};

/** Starts (or adopts) the server of the tests. @throws LocalPostgresError */
export const startTestPostgres = (): Promise<LocalPostgres> =>
  startLocalPostgres({ dir: testPostgresFolder(), settings: SETTINGS });

/** What a template is made by beside the migrations: the rights of the roles. */
const MIGRATE = new URL('../../platform/src/database/migrate.ts', import.meta.url);

/** A name that changes with the migrations and the rights, so an old template is never used. */
const templateName = (): string => {
  const hash = createHash('sha256').update(readFileSync(MIGRATE));
  for (const { folder } of [AUTH_MIGRATIONS, ...allSchemas()]) {
    const path = fileURLToPath(folder);
    for (const file of readdirSync(path)
      .filter((name) => name.endsWith('.sql'))
      .sort())
      hash.update(file).update(readFileSync(`${path}${file}`));
  }
  return `vafa_template_${hash.digest('hex').slice(0, 12)}`;
};

const urlOf = (adminUrl: string, database: string): string => {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
};

/** Makes the database with all schemas that test files are cloned from, if it is not there yet. Returns its name. */
export const ensureTemplate = async (adminUrl: string): Promise<string> => {
  const name = templateName();
  const sql = openSql({ url: adminUrl, max: 1, name: 'vafa-test-template', statementTimeoutMs: 120_000 });
  try {
    await sql`select pg_advisory_lock(hashtextextended('vafa.template', 0))`;
    const [found] = await sql`select 1 from pg_database where datname = ${name} and datistemplate`;
    if (!found) {
      await sql.unsafe(`drop database if exists ${name}`);
      await sql.unsafe(`create database ${name}`);
      const access = { adminUrl: urlOf(adminUrl, name), roleSecret: TEST_ROLE_SECRET };
      await migrateAll(access, allSchemas(), createLog({ level: 'warn' }));
      await sql.unsafe(`alter database ${name} is_template true`);
    }
  } finally {
    await sql.end();
  }
  return name;
};

export interface TestDatabase {
  /** Superuser's URL of the clone. */
  adminUrl: string;
  drop(): Promise<void>;
}

let counter = 0;

/** A database of one's own with all schemas, cloned in some 40 ms where the data is in memory. */
export const cloneDatabase = async (adminUrl: string, template: string): Promise<TestDatabase> => {
  const name = `t_${process.pid}_${Date.now().toString(36)}_${counter++}`;
  const run = async (statement: string): Promise<void> => {
    const sql = openSql({ url: adminUrl, max: 1, name: 'vafa-test-clone', statementTimeoutMs: 60_000 });
    try {
      await sql.unsafe(statement);
    } finally {
      await sql.end();
    }
  };
  await run(`create database ${name} template ${template}`);
  return { adminUrl: urlOf(adminUrl, name), drop: () => run(`drop database if exists ${name} with (force)`) };
};
