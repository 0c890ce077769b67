import { once } from 'node:events';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { HttpApp } from './app.ts';

/**
 * Sockets that listen on one port. Of each, this Node takes one new connection per turn of its event loop (libuv, since 1.46), and
 * a turn in which a batch is booked takes milliseconds: shops whose backends open a connection for each request (PHP does) waited in
 * line for turns, alone, where they could have been decided together. See decision 15.
 */
const SOCKETS = 16;
/** Connections that wait to be taken, on each socket; the system may allow fewer. The one beyond is tried again after a second. */
const BACKLOG = 4_096;
/** Where the kernel spreads new connections over sockets of one port. */
const CAN_SHARE_PORTS = process.platform === 'linux';

export interface Address {
  host: string;
  /** 0 = any that is free. */
  port: number;
}

const listening = async (server: Server, options: ListenOptions): Promise<Server> => {
  server.listen(options);
  await once(server, 'listening');
  return server;
};

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });

/**
 * Makes the function that lets an app listen. To be called before the app is ready, as what it opens closes with the app. Of `port` 0
 * there is one socket only: the kernel might choose a port that others share.
 * @throws Error EADDRINUSE when something listens on the port, also if it would share it
 */
export const createListen = (app: HttpApp): ((address: Address) => Promise<void>) => {
  const further: Server[] = [];
  let closing: Promise<unknown> = Promise.resolve();
  app.addHook('preClose', async () => {
    closing = Promise.all(further.map(closed));
  });
  // What they have taken counts as theirs: the app knows of no request under way on it.
  app.addHook('onClose', async () => {
    await closing;
  });
  const take = (socket: Socket): void => {
    app.server.emit('connection', socket);
  };
  return async ({ host, port }) => {
    if (port === 0 || !CAN_SHARE_PORTS) {
      await app.listen({ host, port, backlog: BACKLOG });
      return;
    }
    // Who shares a port does not notice that others do.
    await closed(await listening(createServer(), { host, port }));
    const options = { host, port, backlog: BACKLOG, reusePort: true };
    await app.listen({ ...options });
    // As the app's own server is made.
    const made = { allowHalfOpen: true, noDelay: true };
    for (let i = 1; i < SOCKETS; i++) further.push(await listening(createServer(made, take), options));
  };
};
