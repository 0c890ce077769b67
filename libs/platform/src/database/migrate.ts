import { fileURLToPath } from 'node:url';
import type { Log } from '@vafa/kernel';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import { checkSchema } from './check-schema.ts';
import { checkJournal, type SchemaMigrations } from './journal.ts';
import { openSql } from './open-sql.ts';
import { type DatabaseAccess, roleOf, rolePassword } from './roles.ts';

/** The platform's own schema with the API keys. */
export const AUTH_MIGRATIONS: SchemaMigrations = {
  name: 'auth',
  folder: new URL('../../migrations/', import.meta.url),
};

/** Lock name of all migrations: drizzle's migrator takes none itself. */
const LOCK = 'vafa.migrate';

/**
 * Brings the schemas up to date, one process at a time, and gives each service's role just what it needs: read and write
 * the tables of its own schema, read the API keys and how far its schema is migrated. Roles own nothing, so a service can't
 * change its tables.
 * @throws SchemaMismatchError when a newer release has migrated the database
 */
export const migrateAll = async (
  access: DatabaseAccess,
  schemas: readonly SchemaMigrations[],
  log: Log,
): Promise<void> => {
  const sql = openSql({ url: access.adminUrl, max: 1, name: 'vafa-migrate', statementTimeoutMs: 300_000 });
  try {
    await sql`select pg_advisory_lock(hashtextextended(${LOCK}, 0))`;
    for (const schema of [AUTH_MIGRATIONS, ...schemas.filter(({ name }) => name !== 'auth')]) {
      await checkJournal(schema);
      await migrate(drizzle(sql as never), {
        migrationsFolder: fileURLToPath(schema.folder),
        migrationsSchema: 'migrations',
        migrationsTable: schema.name,
      });
      await checkSchema(sql, schema);
      if (schema.name !== 'auth') await grant(sql, access, schema.name);
      log.debug({ schema: schema.name }, 'schema is up to date');
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
};

const grant = async (sql: ReturnType<typeof openSql>, access: DatabaseAccess, service: string): Promise<void> => {
  const role = roleOf(service);
  const [found] = await sql`select 1 from pg_roles where rolname = ${role}`;
  // Identifiers can't be parameters; both come from our own names, the password from base64url.
  const login = `login password '${rolePassword(access, service)}' nosuperuser nocreatedb nocreaterole`;
  await sql.unsafe(`${found ? 'alter' : 'create'} role ${role} ${login}`);
  await sql.unsafe(`
    alter role ${role} set search_path = ${service};
    revoke all on schema public from ${role};
    grant usage on schema ${service} to ${role};
    grant select, insert, update, delete on all tables in schema ${service} to ${role};
    grant usage, select on all sequences in schema ${service} to ${role};
    grant execute on all functions in schema ${service} to ${role};
    grant usage on schema auth to ${role};
    grant select on all tables in schema auth to ${role};
    grant usage on schema migrations to ${role};
    grant select on migrations.${service} to ${role};`);
};
