import { SERVER_SETTINGS } from '@vafa/runner';
import { type BusFigures, busName, count, type Figures, type LedgerAlone, ratio, timesTheSmallest } from './figures.ts';
import { goalsOf, seriesOf } from './goals.ts';
import type { Footprint } from './ledger/copy-footprint.ts';
import { type FlatFigures, TUNED } from './ledger/measure-flat.ts';
import { MAX_UNDER_WAY } from './ledger/measure-redeeming.ts';
import type { OpenLoadFigures } from './ledger/open-load.ts';
import type { MixBesideNothing } from './measure-redemptions.ts';

const rowsOf = ({ rowsPerEvent }: Footprint): string =>
  Object.entries(rowsPerEvent)
    .map(([table, rows]) => `${table} ${rows.toFixed(2)}`)
    .join(', ');

const goalsSection = (figures: Figures): string => {
  const rows = goalsOf(figures).map(
    ({ what, goal, figure, limit, ratio: share, reached }) =>
      `| ${what} | ${goal} | ${figure} | ${limit} | ${share} | ${reached ? 'reached' : '**missed**'} |`,
  );
  return rows.length === 0
    ? ''
    : `
## Goals

| what | goal | figure | limit in the same run | ratio | |
| --- | --- | ---: | --- | ---: | --- |
${rows.join('\n')}

Sessions plan each statement anew (\`plan_cache_mode = force_custom_plan\`); booking, and what shops ask of one customer, keep plans that
are the same for one row and for thousands: \`services/ledger/src/store/plans.int.test.ts\` books batches of 1,000 often enough to fall
into the trap of generic plans and looks for it in every plan that is kept, as \`kept-plans.int.test.ts\` beside it does for reads. There is no hot house row: the house's side stands in the entries and is summed when it is asked for, so no row is updated for every event;
a batch updates the rows of its own customers and, once, the fences of its partitions.
`;
};

/** Settings of a server, as text. */
const textOf = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');
const tunedSettings = textOf(TUNED);
const { max_connections: _, ...SETTINGS_OF_START } = SERVER_SETTINGS;
const serverSettings = textOf(SETTINGS_OF_START);

const mixLine = (mix: MixBesideNothing): string =>
  `| 90 % purchases, 5 % refunds, 5 % redemptions over HTTP (${count(mix.redemptionsPerSecond)}/s), ${count(mix.offeredPerSecond)}/s offered for ${count(mix.seconds)} s | ${count(mix.perSecond)}/s; p99 of a reservation ${count(mix.reserveP99Ms)} ms, of a capture ${count(mix.captureP99Ms)} ms${mix.cutOff > 0 ? `; ${count(mix.cutOff)} not answered` : ''} | requests that ask for nothing, beside the same purchases and refunds: p99 ${count(mix.nothingP99Ms)} ms | |`;

const busSection = (bus: BusFigures): string => {
  const { latency, copy, fastify, consume, gateway, ledger, reading, hot, mix, mixShare } = bus;
  const footprint = ledger.footprint.eventsPerSecond;
  return `
## Bus: ${busName(bus)}

COPY of all its rows is one session that writes what an event makes in the ledger (${rowsOf(ledger.footprint)}), taken from this run, on the same server, which has the settings of \`npm start\` (${serverSettings}). The mix begins when what came before is on the disk, and is long enough for checkpoints; who redeems is a thread of its own, and a redemption's time begins when it was due; the first fifth is not counted, as plans and caches are warmed. It is also offered at the share of COPY that 10,000/s were of the 91,000 events/s where the goals were measured.

| what | figure | limit in the same run | ratio |
| --- | ---: | --- | ---: |
| gateway, one purchase per request, 64 connections | ${count(gateway.single.requestsPerSecond)}/s, p50 ${gateway.single.p50Ms} ms, p99 ${gateway.single.p99Ms} ms | bare Fastify ${count(fastify)}/s | ${ratio(gateway.single.requestsPerSecond, fastify)} |
| gateway, batches of 500 | ${count(gateway.batchEventsPerSecond)} events/s, p99 ${gateway.batch.p99Ms} ms a batch | COPY into one table ${count(copy)} rows/s | ${ratio(gateway.batchEventsPerSecond, copy)} |
| published by a backend, portions of 1,000 | ${count(ledger.publishPerSecond)} events/s | COPY into one table ${count(copy)} rows/s | ${ratio(ledger.publishPerSecond, copy)} |
| bus → booked in the ledger (${count(ledger.events)} purchases, points.earned published) | ${count(ledger.bookedPerSecond)} events/s | COPY of all its rows ${count(footprint)} events/s | ${ratio(ledger.bookedPerSecond, footprint)} |
| | | COPY into one table ${count(copy)} rows/s | ${ratio(ledger.bookedPerSecond, copy)} |
| | | consuming without work ${count(consume)}/s | ${ratio(ledger.bookedPerSecond, consume)} |
| a customer's balance, 16 connections | ${count(reading.requestsPerSecond)}/s, p50 ${reading.p50Ms} ms, p99 ${reading.p99Ms} ms | bare Fastify ${count(fastify)}/s | ${ratio(reading.requestsPerSecond, fastify)} |
| purchase → SMS accepted by the provider, ${count(latency.sent)} at 20/s | p50 ${count(latency.p50Ms)} ms, p99 ${count(latency.p99Ms)} ms | | |
${[mixShare, mix].map(mixLine).join('\n')}
| ${count(hot.requests)} reservations of one customer at once | all answered in ${hot.seconds.toFixed(1)} s (${hot.accepted} held, ${hot.refused} refused), p99 ${count(hot.p99Ms)} ms | | |
`;
};

const openLine = (each: OpenLoadFigures, on = ''): string =>
  `| open load of ${count(each.offeredPerSecond)}/s${on}, batches of ${count(each.meanBatch)} on average | ${count(each.handledPerSecond)} events/s, arrival to durable p50 ${each.p50Ms.toFixed(1)} ms, p99 ${each.p99Ms.toFixed(1)} ms | | |`;

const aloneSection = ({ path, tuned, expiry }: LedgerAlone): string => {
  const { batch, single, small, redeeming, footprint, open, shares } = path;
  const copy = footprint.eventsPerSecond;
  return `
## The ledger alone: decoding, rules, natural keys, both legs, balance, lot, outbox, fence; durable; without bus and relay

${count(path.customers)} customers, PostgreSQL with its default settings. COPY is one session that writes all rows an event makes (${rowsOf(footprint)}; its balance is not among them, as COPY can't update) into tables with the same columns, checks and indexes. Records are bytes, as a broker gives them, and encoded before the run but for their ids and times, which takes ${path.microsToMake.toFixed(1)} µs each of the thread that books. In an open load a record's time begins when it was due; rates are those of the goals, and the same shares of COPY as those are of the 91,000 events/s that COPY wrote where the goals were measured. COPY comes before all loads, open loads and redemptions next, the long run last: it leaves millions of rows to the vacuum, which would be measured with what followed. One transaction per event is our own path with batches of one; where the goal of × 20 was measured, each of them also moved the balance of the house in one row for all. A tuned server has ${tunedSettings}, has written as much log as it keeps, and the loads are alone in a book of their own, each on a quiet disk: what it makes dirty itself the system writes later than its 15 s; on one with default settings each checkpoint, every 10 seconds at 20,000/s, ends with a wait of 0.2 to 0.4 s for the disk. Redemptions go through the handlers of the HTTP routes, without a socket, each a reservation and then its capture. They arrive as what was booked calls for them, whether or not others are done, but no more than ${MAX_UNDER_WAY} are under way at once; each is counted as one event.

| what | figure | limit in the same run | ratio |
| --- | ---: | --- | ---: |
| batches of ${count(batch.size)}, ${batch.workers} at a time, ${count(batch.seconds)} s | ${count(batch.perSecond)} events/s, p99 ${count(batch.p99Ms)} ms a batch | COPY of all its rows ${count(copy)} events/s | ${ratio(batch.perSecond, copy)} |
| | | a transaction per event, ${single.connections} connections: ${count(single.perSecond)}/s | × ${(batch.perSecond / single.perSecond).toFixed(1)} |
| the same for ${count(small.seconds)} s, while the book is as small as it was for a transaction per event | ${count(small.perSecond)} events/s | COPY of all its rows ${count(copy)} events/s | ${ratio(small.perSecond, copy)} |
| | | a transaction per event, ${single.connections} connections: ${count(single.perSecond)}/s | × ${(small.perSecond / single.perSecond).toFixed(1)} |
| | | the same with a balance of the house in one row: ${count(single.withHouseRow)}/s | × ${(small.perSecond / single.withHouseRow).toFixed(1)} |
| 5 % of them redemptions (${count(redeeming.redemptions)}), ${count(redeeming.seconds)} s | ${count(redeeming.perSecond)} events/s, p99 ${count(redeeming.batchP99Ms)} ms a batch, ${count(redeeming.redemptionP99Ms)} ms a redemption | COPY of all its rows ${count(copy)} events/s | ${ratio(redeeming.perSecond, copy)} |
${[...[...open, ...shares].map((each) => openLine(each)), ...[...tuned.open, ...tuned.shares].map((each) => openLine(each, ' on a tuned server'))].join('\n')}
| ${count(expiry.lots)} lots expire at one instant | ${expiry.seconds.toFixed(1)} s, while ${count(expiry.purchasesPerSecond)} purchases/s were booked (p99 ${count(expiry.purchaseBatchP99Ms)} ms a batch of 100) | | |
`;
};

const flatSection = (flat: readonly FlatFigures[]): string => {
  const { byCustomers, byEntries, byCustomersTuned } = seriesOf(flat);
  const rows = (series: readonly FlatFigures[]): string =>
    series
      .map(
        (each) =>
          `| ${count(each.customers)} | ${count(each.entries)} | ${count(each.perSecond)} | ${each.microsPerEvent.toFixed(1)} | × ${timesTheSmallest(series, each).toFixed(2)} | ${count(each.fillSeconds)} s |\n`,
      )
      .join('');
  const head = (smallest: string): string =>
    `| customers | entries before | events/s | µs an event | of ${smallest} | filling took |\n| ---: | ---: | ---: | ---: | ---: | ---: |\n`;
  return `
## Cost per event and size of the book

The ledger alone, batches of 1,000, each size in a database of its own that was filled beforehand (rows as bookings leave them:
orders, entries and lots in the order of time, through the tables' own indexes, balances that add up), analysed and written to
disk. With default settings, unless said otherwise.

${head('the fewest customers')}${rows(byCustomers)}
The same on a server with ${tunedSettings}:

${head('the fewest customers')}${rows(byCustomersTuned)}
${head('the empty book')}${rows(byEntries)}`;
};

/** The figures of one run, as a part of the page. */
export const render = (figures: Figures, facts: { command: string; machine: string; date: string }): string => `
\`${facts.command}\` on ${facts.date}. ${facts.machine}.

Figures are ratios to a limit measured in the same run, because machines differ: COPY of all its rows is one session writing
what an event makes into the same tables and indexes; COPY into one table fills one with a primary key and the event's JSON;
bare Fastify answers 202 to the same request; consuming without work reads the same records from the same bus. "Booked" means:
fence, decoding, earning, double entry, balance, lot, outbox and its relay to the bus, all durable; the time ends when the
ledger's lag and its outbox are empty. Services run as processes of their own; load, database and bus share the cores with them.
${goalsSection(figures)}${figures.buses.map(busSection).join('')}${figures.alone ? aloneSection(figures.alone) : ''}${figures.flat ? flatSection(figures.flat) : ''}`;

const BEGIN = '<!-- begin: npm run bench -->';
const END = '<!-- end: npm run bench -->';

/** The page with a new run in the place of the last; what people wrote around it stays. @throws Error without the marks */
export const intoPage = (page: string, figures: string): string => {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page lacks the marks ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n${figures}\n${page.slice(end)}`;
};
