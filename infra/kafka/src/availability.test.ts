import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { kafkaAvailability } from './availability.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A socket that answers as an engine's does. */
const engineThatSays = async (statusCode: number): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'vafa-engine-'));
  const socketPath = join(dir, 'engine.sock');
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/_ping' ? statusCode : 404;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  cleanups.push(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });
  return `unix://${socketPath}`;
};

test('KAFKA_BROKERS wins over a Docker engine', async () => {
  const env = { KAFKA_BROKERS: 'one:9092, two:9092,', DOCKER_HOST: await engineThatSays(200) };
  expect(await kafkaAvailability({ env })).toEqual({ kind: 'env', brokers: ['one:9092', 'two:9092'] });
});

test('an engine that answers is used', async () => {
  expect(await kafkaAvailability({ env: { DOCKER_HOST: await engineThatSays(200) } })).toEqual({ kind: 'docker' });
});

test('an engine that is not well, not there or not to be asked is passed over', async () => {
  for (const DOCKER_HOST of [
    await engineThatSays(500),
    'unix:///nowhere/engine.sock',
    'tcp://127.0.0.1:1',
    'ssh://nobody@nowhere',
  ]) {
    expect(['maven', 'none']).toContain((await kafkaAvailability({ env: { DOCKER_HOST } })).kind);
  }
});
