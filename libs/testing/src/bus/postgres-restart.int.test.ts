import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalPostgres } from '@vafa/local-postgres';
import { createLog, migrateAll } from '@vafa/platform';
import { expect, test } from 'vitest';
import { TEST_ROLE_SECRET } from '../test-postgres.ts';
import { allSchemas } from '../workspace.ts';
import { surviveRestart } from './restart-scenario.ts';
import { createShopSchema, openShop } from './shop-database.ts';
import { openStage } from './stage.ts';

const LIMIT_MS = 120_000;

test('kill -9 of Postgres, which is bus and database in one, loses nothing and doubles nothing', {
  timeout: LIMIT_MS,
}, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'vafa-restart-'));
  let server = await startLocalPostgres({ dir });
  const { url } = server;
  try {
    const access = { adminUrl: url, roleSecret: TEST_ROLE_SECRET };
    await migrateAll(
      access,
      allSchemas().filter(({ name }) => name === 'bus'),
      createLog({ level: 'silent' }),
    );
    await createShopSchema(url);
    const sql = openShop(url, 'vafa-test-shop', 6);
    const shop = { url, sql, drop: () => sql.end({ timeout: 5 }) };
    const stage = await openStage({ kind: 'postgres-log', url, leaseMs: 1_500 }, shop, 'silent');
    try {
      await surviveRestart(stage, async () => {
        process.kill(server.pid, 'SIGKILL');
        await server.exited;
        server = await startLocalPostgres({ dir });
        expect(server.url).toBe(url);
      });
    } finally {
      await stage.close();
      await shop.drop();
    }
  } finally {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
});
