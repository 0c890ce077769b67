import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaContainer } from '@testcontainers/kafka';
import { kafkaAvailability, localKafkaObstacle, startKafka } from '@vafa/local-kafka';
import type { GivenKafka } from '@vafa/testing';
import type { TestProject } from 'vitest/node';

export interface StartedTestKafka {
  given: GivenKafka;
  stop(): Promise<void>;
}

/** Kafka 4.1 in KRaft mode. */
const IMAGE = 'confluentinc/cp-kafka:8.1.0';
const CONTAINER_PORT = 9093;
const CONTAINER_SETTINGS = {
  KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
};
/** Brokers of ours allow short sessions, so that tests wait less; any other broker has at least its default. */
const OUR_SESSION_MS = 1_000;
const DEFAULT_SESSION_MS = 6_000;

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Do the files of this run need the shared broker? The tests of the launcher start their own. */
export const needsKafka = async (project: TestProject): Promise<boolean> => {
  const { filenamePattern } = project.vitest as unknown as { filenamePattern?: string[] };
  const { testFiles } = await project.globTestFiles(filenamePattern);
  return testFiles.some((file) => file.endsWith('.kafka.test.ts') && !file.includes('/infra/kafka/'));
};

const startContainer = async (): Promise<StartedTestKafka> => {
  const container = await new KafkaContainer(IMAGE).withKraft().withEnvironment(CONTAINER_SETTINGS).start();
  const brokers = [`${container.getHost()}:${container.getMappedPort(CONTAINER_PORT)}`];
  return {
    given: { brokers, minSessionTimeoutMs: OUR_SESSION_MS },
    stop: async () => {
      await container.stop();
    },
  };
};

const without = (reason: string): StartedTestKafka => ({ given: { skipped: reason }, stop: async () => undefined });

const startLocal = async (): Promise<StartedTestKafka> => {
  const dir = await mkdtemp(join(tmpdir(), 'vafa-test-kafka-'));
  const clean = () => rm(dir, { recursive: true, force: true });
  try {
    const broker = await startKafka({ dir, log: (line) => console.error(line) });
    const stop = async (): Promise<void> => {
      await broker.stop();
      await clean();
    };
    return { given: { brokers: broker.brokers, minSessionTimeoutMs: OUR_SESSION_MS }, stop };
  } catch (error) {
    await clean();
    return without(`Kafka did not start: ${textOf(error)}`);
  }
};

const start = async (env: NodeJS.ProcessEnv): Promise<StartedTestKafka> => {
  const found = await kafkaAvailability({ env });
  switch (found.kind) {
    case 'env':
      return {
        given: { brokers: found.brokers, minSessionTimeoutMs: DEFAULT_SESSION_MS },
        stop: async () => undefined,
      };
    case 'maven':
      return startLocal();
    case 'none':
      return without(found.reason);
    case 'docker':
      try {
        return await startContainer();
      } catch (error) {
        // An engine that answers may still have no way to the image.
        const reason = `Docker answers, but Kafka did not start in it: ${textOf(error)}`;
        console.error(reason);
        const obstacle = await localKafkaObstacle();
        return obstacle === undefined ? startLocal() : without(`${reason}; and: ${obstacle}`);
      }
  }
};

/**
 * A broker for the tests: KAFKA_BROKERS, else Docker, else one from Maven's artifacts, else none and why.
 * @throws Error when VAFA_REQUIRE_KAFKA=1 and there is none: a test run must not pass by skipping
 */
export const startTestKafka = async (env: NodeJS.ProcessEnv): Promise<StartedTestKafka> => {
  const started = await start(env);
  if ('skipped' in started.given && env.VAFA_REQUIRE_KAFKA === '1')
    throw new Error(`VAFA_REQUIRE_KAFKA=1, but there is no Kafka: ${started.given.skipped}`);
  return started;
};
