import { createServer } from 'node:net';
import { type Harness, startHarness } from '@vafa/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gateway } from '../../service.ts';
import { printReport } from '../print-report.ts';
import { createProgress } from '../progress.ts';
import { serviceUrlsOf } from '../service-urls.ts';
import { createAsk } from './ask.ts';
import { untilCaughtUp } from './caught-up.ts';
import { lookAround } from './look-around.ts';

let h: Harness;
let url: string;
beforeAll(async () => {
  h = await startHarness({ services: [gateway] });
  url = await h.service('gateway').app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => h?.stop());

/** A port nobody listens on. */
const closedPort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

const quiet = { isTTY: false, write: () => true } as unknown as NodeJS.WriteStream;

const wait = async (patienceMs: number, signal = new AbortController().signal) => {
  const nobody = `http://127.0.0.1:${await closedPort()}`;
  const urls = { ...serviceUrlsOf(nobody), gateway: url };
  for (const name of ['ledger', 'segmentation', 'campaigns', 'messaging', 'reminders'] as const)
    Object.assign(urls, { [name]: nobody });
  const ask = createAsk(h.apiKey, signal);
  const rest = await untilCaughtUp(urls, { ask, progress: createProgress('x', quiet), patienceMs, signal });
  return lookAround(ask, urls, rest);
};

test('services that do not answer are named, and what they would tell is said to be unknown', async () => {
  const aftermath = await wait(60_000);
  expect(aftermath).toMatchObject({
    atRest: true,
    unreachable: ['ledger', 'segmentation', 'campaigns', 'messaging', 'reminders'],
    deadLetters: {},
  });
  const text = printReport({
    file: 'f',
    format: 'vafa',
    linesRead: 0,
    events: {},
    skipped: [],
    unaccounted: 0,
    eventsBefore: 0,
    eventsSent: 0,
    seconds: 0,
    shiftSeconds: undefined,
    aftermath,
  });
  expect(text).toMatch(/do not answer\s+ledger, segmentation, campaigns, messaging, reminders/);
  expect(text).toMatch(/ledger\s+not known/);
});

test('work that does not move is given up after the patience', async () => {
  const { sql } = h.service('gateway').context;
  // A record whose topic does not exist stays in the outbox.
  await sql`insert into outbox (topic, key, headers, value) values ('vafa.nowhere', 'k', '{}', '{}')`;
  const aftermath = await wait(700);
  expect(aftermath.atRest).toBe(false);
  await sql`delete from outbox`;
});

test('a stop from outside ends the wait', async () => {
  await expect(wait(60_000, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
});
