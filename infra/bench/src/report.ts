import type { ExpiryFigures } from './ledger/measure-expiry.ts';
import type { PathFigures } from './ledger/measure-path.ts';
import type { GatewayFigures, LatencyFigures, LedgerFigures } from './measure-house.ts';
import type { HotFigures, MixFigures } from './measure-redemptions.ts';

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
  hot: HotFigures;
  mix: MixFigures;
}

/** What was measured of the ledger without a bus. */
export interface LedgerAlone {
  path: PathFigures;
  expiry: ExpiryFigures;
}

const number = (value: number): string => Math.round(value).toLocaleString('en');
const ratio = (value: number, limit: number): string => (value / limit).toFixed(2);

const section = (
  { kind, latency, copy, fastify, consume, gateway, ledger, hot, mix }: BusFigures,
  alone: LedgerAlone | undefined,
): string => `
## Bus: ${kind === 'kafka' ? 'Apache Kafka, one broker on the same machine' : 'the log in PostgreSQL'}

| what | figure | limit in the same run | ratio |
| --- | ---: | --- | ---: |
| gateway, one purchase per request, 64 connections | ${number(gateway.single.requestsPerSecond)}/s, p50 ${gateway.single.p50Ms} ms, p99 ${gateway.single.p99Ms} ms | bare Fastify ${number(fastify)}/s | ${ratio(gateway.single.requestsPerSecond, fastify)} |
| gateway, batches of 500 | ${number(gateway.batchEventsPerSecond)} events/s, p99 ${gateway.batch.p99Ms} ms a batch | COPY ${number(copy)} rows/s | ${ratio(gateway.batchEventsPerSecond, copy)} |
| published by a backend, portions of 1,000 | ${number(ledger.publishPerSecond)} events/s | COPY ${number(copy)} rows/s | ${ratio(ledger.publishPerSecond, copy)} |
| bus → booked in the ledger (${number(ledger.events)} purchases, points.earned published) | ${number(ledger.bookedPerSecond)} events/s | COPY ${number(copy)} rows/s | ${ratio(ledger.bookedPerSecond, copy)} |
| | | consuming without work ${number(consume)}/s | ${ratio(ledger.bookedPerSecond, consume)} |
| purchase → SMS accepted by the provider, ${number(latency.sent)} at 20/s | p50 ${number(latency.p50Ms)} ms, p99 ${number(latency.p99Ms)} ms | | |
| 90 % purchases, 5 % refunds, 5 % redemptions over HTTP (${number(mix.redemptionsPerSecond)}/s) | ${number(mix.perSecond)}/s; p99 of a reservation ${number(mix.reserveP99Ms)} ms, of a capture ${number(mix.captureP99Ms)} ms | | |
| ${number(hot.requests)} reservations of one customer at once | all answered in ${hot.seconds.toFixed(1)} s (${hot.accepted} held, ${hot.refused} refused), p99 ${number(hot.p99Ms)} ms | | |
${alone ? `| bus → booked, as above | ${number(ledger.bookedPerSecond)} events/s | COPY of all its rows ${number(alone.path.footprint.eventsPerSecond)} events/s | ${ratio(ledger.bookedPerSecond, alone.path.footprint.eventsPerSecond)} |\n` : ''}`;

const rowsOf = (rows: Record<string, number>): string =>
  Object.entries(rows)
    .map(([table, count]) => `${table} ${count}`)
    .join(', ');

const aloneSection = ({ path, expiry }: LedgerAlone): string => {
  const { batch, single, footprint, open } = path;
  const copy = footprint.eventsPerSecond;
  return `
## The ledger alone: decoding, rules, natural keys, both legs, balance, lot, outbox, fence; durable; without bus and relay

${number(path.customers)} customers, PostgreSQL with its default settings. COPY is one session that writes all rows an event makes (${rowsOf(footprint.rowsPerEvent)}; its balance is not among them, as COPY can't update) into tables with the same columns, checks and indexes.

| what | figure | limit in the same run | ratio |
| --- | ---: | --- | ---: |
| batches of ${number(batch.size)}, ${batch.workers} at a time, ${number(batch.seconds)} s | ${number(batch.perSecond)} events/s, p99 ${number(batch.p99Ms)} ms a batch | COPY of all its rows ${number(copy)} events/s | ${ratio(batch.perSecond, copy)} |
| | | a transaction per event, ${single.connections} connections: ${number(single.perSecond)}/s | × ${(batch.perSecond / single.perSecond).toFixed(1)} |
${open
  .map(
    (each) =>
      `| open load of ${number(each.offeredPerSecond)}/s, batches of ${number(each.meanBatch)} on average | ${number(each.handledPerSecond)} events/s, arrival to durable p50 ${each.p50Ms.toFixed(1)} ms, p99 ${each.p99Ms.toFixed(1)} ms | | |`,
  )
  .join('\n')}
| ${number(expiry.lots)} lots expire at one instant | ${expiry.seconds.toFixed(1)} s, while ${number(expiry.purchasesPerSecond)} purchases/s were booked (p99 ${number(expiry.purchaseBatchP99Ms)} ms a batch of 250) | | |
`;
};

/** The figures of one run, as a part of the page. */
export const render = (
  results: readonly BusFigures[],
  alone: LedgerAlone | undefined,
  facts: { command: string; machine: string; date: string },
): string => `
\`${facts.command}\` on ${facts.date}. ${facts.machine}.

Figures are ratios to a limit measured in the same run, because machines differ: COPY is one session filling one table with
a primary key and the event's JSON; bare Fastify answers 202 to the same request; consuming without work reads the same
records from the same bus. "Booked" means: fence, decoding, earning, double entry, balance, lot, outbox and its relay to
the bus, all durable; the time ends when the ledger's lag and its outbox are empty. Services run as processes of their own;
load, database and bus share the cores with them.
${results.map((each) => section(each, alone)).join('')}${alone ? aloneSection(alone) : ''}`;

const BEGIN = '<!-- begin: npm run bench -->';
const END = '<!-- end: npm run bench -->';

/** The page with a new run in the place of the last; what people wrote around it stays. @throws Error without the marks */
export const intoPage = (page: string, figures: string): string => {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page lacks the marks ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n${figures}\n${page.slice(end)}`;
};
