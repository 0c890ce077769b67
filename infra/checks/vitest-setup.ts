import { ensureTemplate, startTestPostgres } from '@vafa/testing';
import type { TestProject } from 'vitest/node';

/** Starts what the tests of this run need: one Postgres with a template database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  const server = given ? undefined : await startTestPostgres();
  const adminUrl = given || (server?.url as string);
  project.provide('postgres', { adminUrl, template: await ensureTemplate(adminUrl) });
  project.provide('kafka', { skipped: 'not started' });
  return async () => {
    await server?.stop();
  };
}
