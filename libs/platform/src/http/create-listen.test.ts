import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import type { HttpApp } from './app.ts';
import { createListen } from './create-listen.ts';

const HOST = '127.0.0.1';

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** An app that answers `/` once it is let go. */
const appOf = () => {
  const app = Fastify({ forceCloseConnections: 'idle' }) as unknown as HttpApp;
  const listen = createListen(app);
  const asked: (() => void)[] = [];
  app.get('/', async (_request, reply) => {
    await new Promise<void>((resolve) => asked.push(resolve));
    return reply.header('connection', 'close').send('answered');
  });
  app.get('/now', () => 'now');
  onTestFinished(() => app.close());
  return { app, listen, asked };
};

const read = (port: number, path: string, agent: Agent | false): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host: HOST, port, path, agent }, (response) => text(response).then(resolve, reject)).on('error', reject);
  });

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

// Elsewhere there is one socket.
test.runIf(process.platform === 'linux')(
  'several new connections are taken in one turn of the event loop',
  async () => {
    const { app, listen } = appOf();
    const port = await freePort();
    await listen({ host: HOST, port });
    const connections = 64;
    let taken = 0;
    app.server.on('connection', () => {
      taken += 1;
    });
    const clients = Array.from({ length: connections }, () => connect(port, HOST));
    let turns = 0;
    for (; taken < connections; turns++) await turn();
    for (const client of clients) client.destroy();
    expect(turns).toBeLessThan(connections / 2);
  },
);

test('a port that another app has is refused, and free once that one is closed', async () => {
  const [first, second, third] = [appOf(), appOf(), appOf()];
  const port = await freePort();
  await first.listen({ host: HOST, port });
  await expect(second.listen({ host: HOST, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await first.app.close();
  await third.listen({ host: HOST, port });
  expect(await read(port, '/now', false)).toBe('now');
});

test('who stops answers what is under way, and waits for nobody who is idle', async () => {
  const { app, listen, asked } = appOf();
  const port = await freePort();
  await listen({ host: HOST, port });
  const idle = new Agent({ keepAlive: true });
  expect(await Promise.all(Array.from({ length: 32 }, () => read(port, '/now', idle)))).toEqual(Array(32).fill('now'));
  // One, as it is mostly on another socket than the app's own.
  const answer = read(port, '/', false);
  while (asked.length === 0) await turn();
  let closed = false;
  const closing = app.close().then(() => {
    closed = true;
  });
  for (let i = 0; i < 20; i++) await turn();
  expect(closed).toBe(false);
  for (const letGo of asked) letGo();
  expect(await answer).toBe('answered');
  await closing;
  await expect(read(port, '/now', false)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('of any port that is free there is one socket', async () => {
  const { app, listen } = appOf();
  await listen({ host: HOST, port: 0 });
  expect(await read((app.server.address() as AddressInfo).port, '/now', false)).toBe('now');
});
