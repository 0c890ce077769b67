import type { GatewayFigures, LatencyFigures, LedgerFigures } from './measure-house.ts';

export interface BusFigures {
  kind: 'postgres-log' | 'kafka';
  latency: LatencyFigures;
  /** Rows per second of COPY into one table. */
  copy: number;
  /** Requests per second of a bare Fastify. */
  fastify: number;
  /** Records per second consumed without work. */
  consume: number;
  gateway: GatewayFigures;
  ledger: LedgerFigures;
}

const number = (value: number): string => Math.round(value).toLocaleString('en');
const ratio = (value: number, limit: number): string => (value / limit).toFixed(2);

const section = ({ kind, latency, copy, fastify, consume, gateway, ledger }: BusFigures): string => `
## Bus: ${kind === 'kafka' ? 'Apache Kafka, one broker on the same machine' : 'the log in PostgreSQL'}

| what | figure | limit in the same run | ratio |
| --- | ---: | --- | ---: |
| gateway, one purchase per request, 64 connections | ${number(gateway.single.requestsPerSecond)}/s, p50 ${gateway.single.p50Ms} ms, p99 ${gateway.single.p99Ms} ms | bare Fastify ${number(fastify)}/s | ${ratio(gateway.single.requestsPerSecond, fastify)} |
| gateway, batches of 500 | ${number(gateway.batchEventsPerSecond)} events/s, p99 ${gateway.batch.p99Ms} ms a batch | COPY ${number(copy)} rows/s | ${ratio(gateway.batchEventsPerSecond, copy)} |
| published by a backend, portions of 1,000 | ${number(ledger.publishPerSecond)} events/s | COPY ${number(copy)} rows/s | ${ratio(ledger.publishPerSecond, copy)} |
| bus → booked in the ledger (${number(ledger.events)} purchases, points.earned published) | ${number(ledger.bookedPerSecond)} events/s | COPY ${number(copy)} rows/s | ${ratio(ledger.bookedPerSecond, copy)} |
| | | consuming without work ${number(consume)}/s | ${ratio(ledger.bookedPerSecond, consume)} |
| purchase → SMS accepted by the provider, ${number(latency.sent)} at 20/s | p50 ${number(latency.p50Ms)} ms, p99 ${number(latency.p99Ms)} ms | | |
`;

/** The figures of one run, as a part of the page. */
export const render = (
  results: readonly BusFigures[],
  facts: { command: string; machine: string; date: string },
): string => `
\`${facts.command}\` on ${facts.date}. ${facts.machine}.

Figures are ratios to a limit measured in the same run, because machines differ: COPY is one session filling one table with
a primary key and the event's JSON; bare Fastify answers 202 to the same request; consuming without work reads the same
records from the same bus. "Booked" means: fence, decoding, earning, double entry, balance, lot, outbox and its relay to
the bus, all durable; the time ends when the ledger's lag and its outbox are empty. Services run as processes of their own;
load, database and bus share the cores with them.
${results.map(section).join('')}`;

const BEGIN = '<!-- begin: npm run bench -->';
const END = '<!-- end: npm run bench -->';

/** The page with a new run in the place of the last; what people wrote around it stays. @throws Error without the marks */
export const intoPage = (page: string, figures: string): string => {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page lacks the marks ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n${figures}\n${page.slice(end)}`;
};
