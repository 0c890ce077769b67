import { pathToFileURL } from 'node:url';
import { AUTH_MIGRATIONS, createLog, defineService, migrateAll, SchemaMismatchError } from '@vafa/platform';
import Type from 'typebox';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Harness, startHarness } from './harness.ts';
import { TEST_ROLE_SECRET } from './test-postgres.ts';
import { workspaceRoot } from './workspace.ts';

const folder = pathToFileURL(`${workspaceRoot}services/gateway/migrations/`);
const probe = defineService({
  name: 'gateway',
  title: 'Probe',
  migrations: folder,
  settings: Type.Object({}),
  subscriptions: () => [],
  jobs: () => [],
  routes: () => undefined,
});
/** Written long after every migration of ours. */
const FAR_AHEAD = 9_000_000_000_000;

let h: Harness;
const migrate = (): Promise<void> =>
  migrateAll(
    { adminUrl: h.adminUrl, roleSecret: TEST_ROLE_SECRET },
    [AUTH_MIGRATIONS, { name: 'gateway', folder }],
    createLog({ level: 'silent' }),
  );

beforeAll(async () => {
  h = await startHarness({ services: [probe] });
});
afterAll(() => h.stop());

it('does not start on a database that a newer release has migrated, nor migrates it', async () => {
  await h.admin`insert into migrations.gateway (hash, created_at) values ('of a newer release', ${FAR_AHEAD})`;
  await expect(h.restart('gateway')).rejects.toThrow(SchemaMismatchError);
  await expect(migrate()).rejects.toThrow('a newer release has migrated the database');
  await h.admin`delete from migrations.gateway where created_at = ${FAR_AHEAD}`;
  await h.restart('gateway');
  expect((await h.service('gateway').readiness()).ready).toBe(true);
});

it('does not start on a database that is not migrated to this release, and says what is missing', async () => {
  const [last] = await h.admin<{ hash: string; createdAt: number }[]>`
    delete from migrations.gateway where created_at = (select max(created_at) from migrations.gateway)
    returning hash, created_at as "createdAt"`;
  await expect(h.restart('gateway')).rejects.toThrow(
    /the schema gateway is .*, \d{4}_\w+ is needed. Run `main.ts migrate`/,
  );
  await h.admin`insert into migrations.gateway (hash, created_at) values (${last?.hash ?? ''}, ${last?.createdAt ?? 0})`;
});

it('takes what it may not look at for not migrated', async () => {
  await h.admin`revoke usage on schema migrations from vafa_gateway`;
  try {
    await expect(h.restart('gateway')).rejects.toThrow('the schema gateway is of an unknown state');
  } finally {
    await h.admin`grant usage on schema migrations to vafa_gateway`;
  }
  await migrate();
  await h.restart('gateway');
  expect((await h.service('gateway').readiness()).ready).toBe(true);
});
