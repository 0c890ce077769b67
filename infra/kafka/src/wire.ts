import { connect } from 'node:net';

// The few words of Kafka's protocol that the probe needs: the client library belongs to the bus alone.

const CLIENT_ID = 'vafa-probe';
const CORRELATION_ID = 20_000;
const LARGEST_ANSWER_BYTES = 4 * 1_048_576;

export const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

export const int64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};

export const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([int16(bytes.length), bytes]);
};

export const list = <T>(items: T[], write: (item: T) => Buffer[]): Buffer =>
  Buffer.concat([int32(items.length), ...items.flatMap(write)]);

/** Reads an answer from its beginning to its end. Each method throws a RangeError past the end. */
export interface Reader {
  int8(): number;
  int16(): number;
  int32(): number;
  int64(): bigint;
  /** Empty for null. */
  text(): string;
  list<T>(read: () => T): T[];
}

export const readerOf = (bytes: Buffer): Reader => {
  let at = 0;
  const next = (count: number): number => {
    at += count;
    return at - count;
  };
  const reader: Reader = {
    int8: () => bytes.readInt8(next(1)),
    int16: () => bytes.readInt16BE(next(2)),
    int32: () => bytes.readInt32BE(next(4)),
    int64: () => bytes.readBigInt64BE(next(8)),
    text: () => {
      const length = Math.max(0, reader.int16());
      const from = next(length);
      return bytes.toString('utf8', from, from + length);
    },
    list: (read) => Array.from({ length: Math.max(0, reader.int32()) }, read),
  };
  return reader;
};

/** Sends one request and gives the body of its answer. @throws Error when there is none in time, or no Kafka answers */
export const ask = (
  address: { host: string; port: number },
  api: { key: number; version: number },
  body: Buffer,
  limitMs: number,
): Promise<Reader> =>
  new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect(address);
    const settle = (outcome: Error | Buffer): void => {
      clearTimeout(timer);
      socket.destroy();
      if (outcome instanceof Error) reject(outcome);
      else resolve(readerOf(outcome));
    };
    const timer = setTimeout(() => settle(new Error(`no answer within ${limitMs} ms`)), limitMs);
    socket.on('connect', () => {
      const request = Buffer.concat([int16(api.key), int16(api.version), int32(CORRELATION_ID), text(CLIENT_ID), body]);
      socket.write(Buffer.concat([int32(request.length), request]));
    });
    socket.on('error', settle);
    socket.on('close', () => settle(new Error('closed without an answer')));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 8) return;
      const sizeBytes = received.readInt32BE(0);
      if (sizeBytes < 4 || sizeBytes > LARGEST_ANSWER_BYTES || received.readInt32BE(4) !== CORRELATION_ID) {
        settle(new Error('what answers is no Kafka'));
      } else if (received.length >= 4 + sizeBytes) settle(received.subarray(8, 4 + sizeBytes));
    });
  });
