import { createServer } from 'node:net';

/** Ports of one set of services, with room for a database and a broker. */
export const PORTS_PER_SET = 16;
/** Services, and their second members. */
const SETS = 2;
/**
 * Below the range that outgoing connections are given their ports from (32768 and up on Linux): a killed server's port must
 * not be taken by one of its own clients that calls it in vain, which TCP allows.
 */
const FIRST = 20_000;
const LAST = 32_000;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** A base port with room for a house above it: services, then their second members. @throws Error when none is found */
export const freePortBase = async (): Promise<number> => {
  for (let tries = 0; tries < 100; tries++) {
    const base = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const free = await Promise.all(Array.from({ length: PORTS_PER_SET * SETS }, (_, i) => isFree(base + i)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no free ports for the services');
};
