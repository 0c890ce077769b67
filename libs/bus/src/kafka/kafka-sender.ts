import { AppError, type Log, messageOf } from '@vafa/kernel';
import {
  CompressionTypes,
  type ICustomPartitioner,
  type Kafka,
  Partitioners,
  type Producer,
  type RecordMetadata,
} from 'kafkajs';
import type { OutRecord } from '../port.ts';
import { within } from '../sleep.ts';

/** About 12 s in all: longer than a broker's restart or a change of leader, shorter than a caller's patience. */
const RETRIES = 6;

const asObject = (headers: OutRecord['headers']): Record<string, string> =>
  typeof headers === 'string' ? (JSON.parse(headers) as Record<string, string>) : headers;

const byTopic = (records: readonly OutRecord[]): Map<string, OutRecord[]> => {
  const found = new Map<string, OutRecord[]>();
  for (const record of records) {
    const sameTopic = found.get(record.topic);
    if (sameTopic) sameTopic.push(record);
    else found.set(record.topic, [record]);
  }
  return found;
};

/** Partitions that records were given to, but that no broker acknowledged. */
export const unacknowledged = (
  assigned: ReadonlySet<string>,
  written: readonly Pick<RecordMetadata, 'topicName' | 'partition'>[],
): string[] => {
  const acknowledged = new Set(written.map(({ topicName, partition }) => `${topicName}/${partition}`));
  return [...assigned].filter((name) => !acknowledged.has(name));
};

const refusal = (error: unknown): AppError =>
  error instanceof Error && 'type' in error && error.type === 'MESSAGE_TOO_LARGE'
    ? new AppError('invalid', 'bus.record_too_large', 'the brokers take no record of this size', {}, error)
    : new AppError(
        'unavailable',
        'bus.unavailable',
        'the brokers do not take the events',
        { retryAfterSeconds: 1 },
        error,
      );

/** Sends records, one call at a time. Every setting answers a measured trap of kafkajs 2.2.4. */
export const createKafkaSender = (kafka: Kafka, log: Log) => {
  /** Partitions the records of the current send were given to. */
  const assigned = new Set<string>();
  let producer: Producer | undefined;
  let discarding: Promise<void> = Promise.resolve();

  // The default one maps keys as the Java client does; kafkajs only warns when none is named.
  const partitioner: ICustomPartitioner = () => {
    const choose = Partitioners.DefaultPartitioner();
    return (what) => {
      const partition = choose(what);
      assigned.add(`${what.topic}/${partition}`);
      return partition;
    };
  };

  const disconnect = async (old: Producer): Promise<void> => {
    await old
      .disconnect()
      .catch((error: unknown) => log.warn({ err: messageOf(error) }, 'producer did not disconnect'));
  };

  const open = async (): Promise<Producer> => {
    // One request in flight and one send at a time: the order of retries is kept, and kafkajs's idempotence (which its own
    // documentation calls experimental) is never asked to sort out concurrent sends.
    const fresh = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: partitioner,
      retry: { retries: RETRIES },
    });
    try {
      await fresh.connect();
    } catch (error) {
      await disconnect(fresh);
      throw error;
    }
    return fresh;
  };

  const sendWith = async (current: Producer, records: readonly OutRecord[]): Promise<void> => {
    assigned.clear();
    const written = await current.sendBatch({
      acks: -1,
      // Only gzip is built in; an unknown codec crashes other kafkajs consumers. Small JSON batches go plain.
      compression: CompressionTypes.None,
      topicMessages: [...byTopic(records)].map(([topic, same]) => ({
        topic,
        messages: same.map(({ key, headers, value }) => ({ key, headers: asObject(headers), value })),
      })),
    });
    // kafkajs retries per broker and skips brokers that answered already: when a partition moves to such a broker between
    // two tries, its records are never sent, and the send counts as done.
    const missing = unacknowledged(assigned, written);
    if (missing.length > 0) throw new Error(`no broker acknowledged ${missing.join(', ')}`);
  };

  return {
    /** Opens the first producer. @throws when no broker answers */
    connect: async (): Promise<void> => {
      producer = await open();
    },
    /** @throws AppError unavailable, or invalid when a record is too large for the brokers */
    send: async (records: readonly OutRecord[]): Promise<void> => {
      try {
        producer ??= await open();
        await sendWith(producer, records);
      } catch (error) {
        // kafkajs takes the sequence numbers of a failed send back, though the broker may have written it. The next send
        // with the same numbers would be taken for its repetition: acknowledged and dropped. A new producer has a new id.
        if (producer) discarding = disconnect(producer);
        producer = undefined;
        throw refusal(error);
      }
    },
    close: async (deadlineMs: number): Promise<void> => {
      const all = Promise.all([discarding, producer && disconnect(producer)]);
      if (!(await within(deadlineMs, all))) log.warn({}, 'producer did not disconnect in time');
    },
  };
};
