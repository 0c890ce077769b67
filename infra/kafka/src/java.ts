import { LocalKafkaError } from './local-kafka-error.ts';
import { runCommand } from './run-command.ts';

/** What the brokers of Kafka 4 are compiled for. */
const LEAST_JAVA = 17;
const LIMIT_MS = 20_000;

/** The major version in what `java -version` prints, such as 17; undefined when there is none. */
export const majorJavaVersion = (output: string): number | undefined => {
  const found = /version "(\d+)(?:\.(\d+))?/.exec(output);
  if (!found) return undefined;
  // Java 8 and older call themselves 1.8, 1.7 …
  return Number(found[1] === '1' ? found[2] : found[1]);
};

/** @throws LocalKafkaError java_missing, java_too_old */
export const requireJava = async (): Promise<void> => {
  const { missing, exitCode, tail } = await runCommand('java', ['-version'], LIMIT_MS);
  const hint = `install a Java runtime of version ${LEAST_JAVA} or newer (Debian, Ubuntu: openjdk-17-jre-headless)`;
  const major = majorJavaVersion(tail.join('\n'));
  // macOS ships a `java` that only says that there is none
  if (missing || exitCode !== 0 || major === undefined) {
    throw new LocalKafkaError('java_missing', `A local Kafka needs java on the PATH: ${hint}.`);
  }
  if (major < LEAST_JAVA) {
    throw new LocalKafkaError('java_too_old', `A local Kafka needs Java ${LEAST_JAVA}, found ${major}: ${hint}.`);
  }
};
