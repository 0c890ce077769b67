import { ensureTemplate, startTestPostgres } from '@vafa/testing';
import type { TestProject } from 'vitest/node';
import { needsKafka, type StartedTestKafka, startTestKafka } from './test-kafka.ts';

/** For runs without a test of Kafka: it takes seconds and memory. */
const NO_KAFKA: StartedTestKafka = {
  given: { skipped: 'no test of this run asked for Kafka' },
  stop: async () => undefined,
};

/** Starts what the tests of this run need: one Postgres with a template database, and Kafka where a test asks for it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  const server = given ? undefined : await startTestPostgres();
  const adminUrl = given || (server?.url as string);
  project.provide('postgres', { adminUrl, template: await ensureTemplate(adminUrl) });
  const kafka = (await needsKafka(project)) ? await startTestKafka(process.env) : NO_KAFKA;
  project.provide('kafka', kafka.given);
  return async () => {
    await kafka.stop();
    await server?.stop();
  };
}
