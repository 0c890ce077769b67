import type { EventBus, InRecord, Sql } from '@vafa/bus';
import { type EventEnvelope, encodeEvent } from '@vafa/contracts';
import autocannon, { type Request as Asked } from 'autocannon';
import Fastify from 'fastify';

/** Rows per second of COPY into one plain table with a primary key: what the database can take at most. */
export const copyLimit = async (sql: Sql, events: readonly EventEnvelope[]): Promise<number> => {
  await sql.unsafe(
    'create table if not exists public.bench_copy (id text primary key, customer text, at timestamptz, body text)',
  );
  await sql.unsafe('truncate public.bench_copy');
  const lines = events.map(({ id, subject, time, data }) => `${id}\t${subject}\t${time}\t${JSON.stringify(data)}\n`);
  const chunks: string[] = [];
  for (let i = 0; i < lines.length; i += 1_000) chunks.push(lines.slice(i, i + 1_000).join(''));
  const connection = await sql.reserve();
  const begun = performance.now();
  const writable = await connection`copy public.bench_copy from stdin`.writable();
  for (const chunk of chunks)
    if (!writable.write(chunk)) await new Promise((resolve) => writable.once('drain', resolve));
  await new Promise((resolve, reject) => {
    writable.once('finish', resolve);
    writable.once('error', reject);
    writable.end();
  });
  const seconds = (performance.now() - begun) / 1000;
  connection.release();
  await sql.unsafe('drop table public.bench_copy');
  return events.length / seconds;
};

/** Requests per second of a bare Fastify that takes the same body and answers 202. */
export const fastifyLimit = async (body: string, seconds: number, connections: number): Promise<number> => {
  const app = Fastify();
  app.post('/v1/purchases', (_request, reply) => reply.code(202).send({ eventId: 'x' }));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const result = await load(`${url}/v1/purchases`, { body: () => body, seconds, connections, headers: {} });
  await app.close();
  return result.requestsPerSecond;
};

export interface LoadResult {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  non2xx: number;
}

interface Load {
  seconds: number;
  connections: number;
  headers: Record<string, string>;
}

/** A closed load of POSTs: each connection sends its next request when the last was answered. */
export const load = async (url: string, options: Load & { body: () => string }): Promise<LoadResult> => {
  const headers = { 'content-type': 'application/json', ...options.headers };
  return sendAll(url, options, {
    ...{ method: 'POST', headers },
    setupRequest: (request) => ({ ...request, body: options.body() }),
  });
};

/** As `load`, of GETs of one path after the other. */
export const loadReading = async (url: string, options: Load & { path: () => string }): Promise<LoadResult> =>
  sendAll(url, options, {
    ...{ method: 'GET', headers: options.headers },
    setupRequest: (request) => ({ ...request, path: options.path() }),
  });

const sendAll = async (url: string, { seconds, connections }: Load, request: Asked): Promise<LoadResult> => {
  const result = await autocannon({ url, connections, duration: seconds, requests: [request] });
  return {
    requestsPerSecond: result['2xx'] / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    non2xx: result.non2xx + result.errors + result.timeouts,
  };
};

/** Hands on so many records of a topic, from its beginning. Returns the seconds from the first batch to the last. */
const consume = async (
  bus: EventBus,
  topic: string,
  records: number,
  take: (records: readonly InRecord[]) => void,
): Promise<number> => {
  let seen = 0;
  let begun = 0;
  let finished: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    finished = resolve;
  });
  let failed: unknown;
  const subscription = await bus.subscribe(
    {
      group: `bench.${topic}.${Date.now()}`,
      topics: [topic],
      maxBatch: 500,
      concurrency: 2,
      onFatal: (error) => {
        failed = error;
        finished();
      },
    },
    async (batch) => {
      if (begun === 0) begun = performance.now();
      seen += batch.records.length;
      take(batch.records);
      if (seen >= records) finished();
      return { kind: 'done' };
    },
  );
  await done;
  const seconds = (performance.now() - begun) / 1000;
  await subscription.stop(5_000);
  if (failed) throw failed;
  return seconds;
};

/** Records per second through a bus whose subscriber does nothing with them. */
export const consumeLimit = async (bus: EventBus, topic: string, records: number): Promise<number> => {
  let seen = 0;
  const seconds = await consume(bus, topic, records, (batch) => {
    seen += batch.length;
  });
  return seen / seconds;
};

/** The first so many records of a topic. */
export const readRecords = async (bus: EventBus, topic: string, records: number): Promise<InRecord[]> => {
  const read: InRecord[] = [];
  await consume(bus, topic, records, (batch) => {
    read.push(...batch);
  });
  return read.slice(0, records);
};

/** Publishes in portions, a few of them at a time; on another topic than the events' own if one is named. Returns records per second. */
export const publishAll = async (bus: EventBus, events: readonly EventEnvelope[], topic?: string): Promise<number> => {
  const encode = (event: EventEnvelope) => (topic ? { ...encodeEvent(event), topic } : encodeEvent(event));
  const begun = performance.now();
  for (let i = 0; i < events.length; i += 4_000)
    await Promise.all(
      [0, 1_000, 2_000, 3_000].map((offset) => bus.publish(events.slice(i + offset, i + offset + 1_000).map(encode))),
    );
  return events.length / ((performance.now() - begun) / 1000);
};
