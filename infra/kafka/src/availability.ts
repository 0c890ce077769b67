import { request } from 'node:http';
import { DEFAULT_CACHE_DIR } from './default-folders.ts';
import { jarsAreCached } from './jars.ts';
import { requireJava } from './java.ts';
import { LocalKafkaError } from './local-kafka-error.ts';
import { runCommand } from './run-command.ts';

/** Which Kafka a test may use on this machine. */
export type KafkaAvailability =
  | { kind: 'env'; brokers: string[] }
  | { kind: 'docker' }
  | { kind: 'maven' }
  | { kind: 'none'; reason: string };

export interface AvailabilityOptions {
  /** The environment; KAFKA_BROKERS and DOCKER_HOST are read. */
  env: Record<string, string | undefined>;
  /** Where `startKafka` would look for the jars. */
  cacheDir?: string;
}

const PING_LIMIT_MS = 1_500;
const MAVEN_LIMIT_MS = 30_000;

/** Undefined for what cannot be asked by plain HTTP, such as ssh. */
const dockerAddress = (dockerHost: string): { socketPath: string } | { host: string; port: string } | undefined => {
  if (dockerHost.startsWith('unix://')) return { socketPath: dockerHost.slice('unix://'.length) };
  if (!/^(?:tcp|http):\/\//.test(dockerHost) || !URL.canParse(dockerHost)) return undefined;
  const { hostname, port } = new URL(dockerHost);
  return { host: hostname, port: port === '' ? '2375' : port };
};

/** Does a Docker engine answer? Asks its socket, which takes a millisecond; the client program need not be there. */
const dockerAnswers = (dockerHost: string): Promise<boolean> =>
  new Promise((resolve) => {
    const address = dockerAddress(dockerHost);
    if (!address) {
      resolve(false);
      return;
    }
    const ping = request({ ...address, path: '/_ping', timeout: PING_LIMIT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy(new Error('no answer in time')));
    ping.on('error', () => resolve(false));
    ping.end();
  });

/** Why `startKafka` could not run here, as one line; undefined when it can. Nothing is fetched. */
export const localKafkaObstacle = async (cacheDir: string = DEFAULT_CACHE_DIR): Promise<string | undefined> => {
  try {
    await requireJava();
  } catch (error) {
    if (error instanceof LocalKafkaError) return error.message;
    throw error;
  }
  if (await jarsAreCached(cacheDir)) return undefined;
  const { exitCode } = await runCommand('mvn', ['-v'], MAVEN_LIMIT_MS);
  return exitCode === 0
    ? undefined
    : 'The jars of a local Kafka are fetched by mvn, which is not on the PATH: install Maven (Debian, Ubuntu: maven).';
};

/**
 * Finds a Kafka for tests: KAFKA_BROKERS when set, else a Docker engine that answers, else Java with Maven (or with the
 * jars already there), else none, with the reason.
 */
export const kafkaAvailability = async ({ env, cacheDir }: AvailabilityOptions): Promise<KafkaAvailability> => {
  const brokers = (env.KAFKA_BROKERS ?? '')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  if (brokers.length > 0) return { kind: 'env', brokers };
  const dockerHost = env.DOCKER_HOST ?? '';
  if (await dockerAnswers(dockerHost === '' ? 'unix:///var/run/docker.sock' : dockerHost)) return { kind: 'docker' };
  const obstacle = await localKafkaObstacle(cacheDir);
  if (obstacle === undefined) return { kind: 'maven' };
  return { kind: 'none', reason: `KAFKA_BROKERS is not set, no Docker engine answers, and: ${obstacle}` };
};
