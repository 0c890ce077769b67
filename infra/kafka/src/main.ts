import { parseArgs } from 'node:util';
import { startKafka } from './broker.ts';
import { DEFAULT_BROKER_DIR, DEFAULT_CACHE_DIR } from './default-folders.ts';
import { LocalKafkaError } from './local-kafka-error.ts';

const DEFAULT_PORT = 9092;
const USAGE = 'npm run kafka -- [--port NUMBER, 0 for a free one] [--dir FOLDER] [--cache-dir FOLDER]';

// The ready line alone goes to standard output: a script can read it.
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const fail = (error: unknown): never => {
  say(
    error instanceof LocalKafkaError || error instanceof TypeError
      ? error.message
      : String(error instanceof Error ? error.stack : error),
  );
  process.exit(1);
};

const readArguments = () => {
  try {
    return parseArgs({
      options: { port: { type: 'string' }, dir: { type: 'string' }, 'cache-dir': { type: 'string' } },
    });
  } catch (error) {
    throw new TypeError(`${(error as Error).message}: ${USAGE}`);
  }
};

const readFlags = (): { port: number; dir: string; cacheDir: string } => {
  const { values } = readArguments();
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new TypeError(`--port ${values.port} is no port: ${USAGE}`);
  return { port, dir: values.dir ?? DEFAULT_BROKER_DIR, cacheDir: values['cache-dir'] ?? DEFAULT_CACHE_DIR };
};

const run = async (): Promise<void> => {
  const { port, dir, cacheDir } = readFlags();
  const kafka = await startKafka({ dir, port, cacheDir, log: say, onDeath: fail });
  say(`Apache Kafka runs; its data is in ${dir}, its log is ${kafka.logPath}; Ctrl-C stops it`);
  process.stdout.write(`KAFKA_BROKERS=${kafka.brokers.join(',')}\n`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return; // npm hands Ctrl-C on, beside the terminal: it comes twice
    stopping = true;
    say('stopping Kafka');
    kafka.stop().then(() => process.exit(0), fail);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
};

run().catch(fail);
