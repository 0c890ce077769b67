import type { KafkaMessage } from 'kafkajs';
import type { InRecord } from '../port.ts';

type HeaderValue = Buffer | string | null | (Buffer | string | null)[] | undefined;

/** A header may be null, and may stand there twice: foreign producers do as they like. The first one counts. */
const headerText = (value: HeaderValue): string | undefined => {
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined || first === null ? undefined : first.toString();
};

/** A message of kafkajs as a record of the bus. */
export const toRecord = (topic: string, partition: number, message: KafkaMessage): InRecord => {
  const headers: InRecord['headers'] = {};
  for (const name in message.headers) headers[name] = headerText(message.headers[name]);
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    key: message.key?.toString() ?? null,
    headers,
    value: message.value,
    timestampMs: Number(message.timestamp),
  };
};
