import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { LocalKafkaError } from './local-kafka-error.ts';

/**
 * Below the range from which systems give ports to outgoing connections: a client that keeps calling a broker which is
 * down could otherwise be given the broker's own port, connect to itself, and keep the broker from coming back.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const TRIES = 50;

const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined);

/** Undefined when 127.0.0.1:port can be listened on, else the system's code such as EADDRINUSE. */
const obstacleTo = (port: number): Promise<unknown> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(codeOf(error) ?? error.message));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });

/** @throws LocalKafkaError port_in_use when 127.0.0.1:port cannot be listened on */
export const requirePort = async (port: number): Promise<void> => {
  const obstacle = await obstacleTo(port);
  if (obstacle === undefined) return;
  const why = obstacle === 'EADDRINUSE' ? 'the port is in use' : String(obstacle);
  throw new LocalKafkaError(
    'port_in_use',
    `Kafka cannot listen on 127.0.0.1:${port} (${why}): stop what listens there, or choose another port.`,
  );
};

/** A port of 127.0.0.1 that nobody listens on now. @throws LocalKafkaError port_in_use when none is found */
export const findFreePort = async (): Promise<number> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if ((await obstacleTo(port)) === undefined) return port;
  }
  throw new LocalKafkaError(
    'port_in_use',
    `No free port was found between ${FIRST_PORT} and ${LAST_PORT} on 127.0.0.1.`,
  );
};
