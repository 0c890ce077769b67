import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { defineService } from '@vafa/platform';
import Type from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from './harness.ts';
import { workspaceRoot } from './workspace.ts';

const JOBS = 12;
const ran = new Set<string>();

/** More jobs that run in one process only than the pool has connections, each of which works in a transaction. */
const busy = defineService({
  name: 'gateway',
  title: 'Busy',
  migrations: pathToFileURL(`${workspaceRoot}services/gateway/migrations/`),
  settings: Type.Object({}),
  subscriptions: () => [],
  routes: () => undefined,
  jobs: ({ sql }) =>
    Array.from({ length: JOBS }, (_, i) => ({
      name: `job-${i}`,
      everyMs: 10,
      runsIn: 'one' as const,
      run: async () => {
        await sql.begin(async (tx) => {
          await tx`select pg_sleep(0.01)`;
        });
        ran.add(`job-${i}`);
        return 0;
      },
    })),
});

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ services: [busy], clockwork: true });
});
afterAll(() => harness.stop());

test('jobs that run alone leave each other connections to work with', async () => {
  await expect.poll(() => ran.size, { timeout: 10_000 }).toBe(JOBS);
});

test('a lock session that is lost costs a run, not the jobs', async () => {
  await harness.admin`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'vafa-gateway' and pid <> pg_backend_pid()`;
  await sleep(50);
  ran.clear();
  await expect.poll(() => ran.size, { timeout: 15_000 }).toBe(JOBS);
});
