/**
 * `npm run bench [-- --quick] [--bus postgres-log|kafka] [--only house|ledger|flat]`: how fast the main job is, each figure
 * beside a limit measured in the same run. `house` is everything by processes over each bus, `ledger` booking alone, `flat` the
 * same with books of several sizes. Writes docs/benchmarks.md when it measured everything.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '@vafa/kernel';
import { kafkaAvailability } from '@vafa/local-kafka';
import { openSql } from '@vafa/platform';
import { readRecordFile } from '@vafa/sandbox';
import { createApi, openTrialBus, seedTrial, startTrialHouse, type TrialHouse, trialCustomers } from '@vafa/trial';
import { COPY_OF_THE_GOALS } from './copy-of-the-goals.ts';
import type { BusFigures, Figures, LedgerAlone } from './figures.ts';
import { MIX_PER_SECOND } from './goals.ts';
import { measureExpiry } from './ledger/measure-expiry.ts';
import { bookSizes, type FlatFigures, measureFlat } from './ledger/measure-flat.ts';
import { measureOpenTuned } from './ledger/measure-open-tuned.ts';
import { measurePath } from './ledger/measure-path.ts';
import { consumeLimit, copyLimit, fastifyLimit, publishAll } from './limits.ts';
import { measureGateway, measureLatency, measureLedger, measureReading, purchaseBody } from './measure-house.ts';
import { type MixBesideNothing, measureHotCustomer, measureMix, measureNothing } from './measure-redemptions.ts';
import { makePurchases } from './purchases.ts';
import { intoPage, render } from './report.ts';
import { settleDisk } from './settle-disk.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const PARTS = ['house', 'ledger', 'flat'] as const;
const BUSES = ['postgres-log', 'kafka'] as const;
const USAGE = `npm run bench -- [options]
  --quick        short runs, whose figures are not kept
  --only PART    ${PARTS.join(', ')}
  --bus NAME     of the house: ${BUSES.join(', ')}; both unless given`;
const say = (line: string): void => console.log(line);
const readFlags = () => {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      bus: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const oneOf = <Name extends string>(names: readonly Name[], option: string, given: string | undefined) => {
    const found = names.find((name) => name === given);
    if (given !== undefined && !found) throw new TypeError(`--${option} is one of ${names.join(', ')}`);
    return found;
  };
  return { ...values, bus: oneOf(BUSES, 'bus', values.bus), only: oneOf(PARTS, 'only', values.only) };
};
const flags = (() => {
  try {
    return readFlags();
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${USAGE}`);
    return process.exit(64);
  }
})();
const seconds = flags.quick ? 3 : 10;
const events = flags.quick ? 20_000 : 200_000;
const LATENCY_CUSTOMERS = 100;
const PATH_CUSTOMERS = 100_000;
/** A little more than the goal is offered: the time in which the end of it is booked counts, too. */
const MIX_OFFERED = 1.05;
/** So long that the database makes its checkpoints meanwhile. */
const MIX_SECONDS = 25;
const STOP_LIMIT_MS = 30_000;
const LEDGER_DIR = `${root}.vafa/bench-ledger`;

const receivedBy = async (house: TrialHouse): Promise<Map<string, number>> => {
  const received = new Map<string, number>();
  for await (const line of readRecordFile(house.recordFile)) {
    if (line.kind !== 'sms') continue;
    const [, customer, order] = line.text.split(/\s+/);
    if (customer?.startsWith('latency-') && order) received.set(order, line.acceptedAtMs);
  }
  return received;
};

const measureBus = async (kind: 'postgres-log' | 'kafka'): Promise<BusFigures> => {
  say(`\n== ${kind}: starting each service as a process of its own`);
  const house = await startTrialHouse({
    dir: `${root}.vafa/bench`,
    bus: kind,
    groups: ['gateway', 'ledger', 'campaigns', 'messaging'].map((name) => ({ label: name, services: [name] })),
    env: {
      HTTP_RATE_LIMIT_PER_MINUTE: '100000000',
      MESSAGING_SMS_CALLS_PER_SECOND: '500',
      MESSAGING_SEND_POLL_MS: '10',
    },
    say,
  });
  const sql = openSql({ url: house.adminUrl, max: 3, name: 'vafa-bench', statementTimeoutMs: 600_000 });
  const { bus, close } = await openTrialBus(house);
  try {
    await seedTrial(createApi(house.urls, house.apiKey), trialCustomers('latency', LATENCY_CUSTOMERS));
    say('event → message latency …');
    const latency = await measureLatency(house, { perSecond: 20, seconds, received: () => receivedBy(house) });

    // The campaign would answer every purchase of the load with an SMS; it has done its part.
    await createApi(house.urls, house.apiKey).call('campaigns', 'POST', '/v1/campaigns/thanks/stop');
    // Not frozen: a transaction that stays open holds back the vacuum of all.
    for (const name of ['campaigns', 'messaging']) await house.processes.get(name)?.stop(STOP_LIMIT_MS);
    say('limit: COPY into one table …');
    const copy = await copyLimit(sql, makePurchases(events, 100_000, Temporal.Now.instant()));
    say('limit: bare Fastify …');
    const fastify = await fastifyLimit(purchaseBody(), seconds, 64);
    say('limit: consuming without work …');
    await bus.ensureTopics([{ name: 'bench.empty', partitions: 8 }]);
    await publishAll(bus, makePurchases(events, 100_000, Temporal.Now.instant()), 'bench.empty');
    const consume = await consumeLimit(bus, 'bench.empty', events);
    say('gateway …');
    const gateway = await measureGateway(house, seconds);
    say('bus → ledger …');
    const ledger = await measureLedger(house, bus, sql, events);
    say('balances …');
    const reading = await measureReading(house, { customers: 100_000, seconds });
    say('redemptions …');
    const hot = await measureHotCustomer(house);
    const mixSeconds = flags.quick ? seconds : MIX_SECONDS;
    const share = MIX_PER_SECOND / COPY_OF_THE_GOALS;
    const mixAt = async (perSecond: number): Promise<MixBesideNothing> => {
      const offered = { perSecond, seconds: mixSeconds };
      // What came before is on the disk, and its WAL can be written over, as in a database that has been there for a while.
      await settleDisk(sql);
      const redeeming = await measureMix(house, bus, offered);
      await settleDisk(sql);
      return { ...redeeming, nothingP99Ms: await measureNothing(house, bus, offered) };
    };
    const mixShare = { share, ...(await mixAt(share * ledger.footprint.eventsPerSecond)) };
    const mix = await mixAt(MIX_OFFERED * MIX_PER_SECOND);
    return { kind, latency, copy, fastify, consume, gateway, ledger, reading, hot, mix, mixShare };
  } finally {
    // What is frozen could not stop.
    for (const pid of [...house.processes.values()].map((each) => each.pid()))
      if (pid !== undefined) process.kill(pid, 'SIGCONT');
    await close();
    await sql.end();
    await house.stop();
  }
};

const wants = (part: (typeof PARTS)[number]): boolean => flags.only === undefined || flags.only === part;

const measureLedgerAlone = async (): Promise<LedgerAlone> => {
  say('\n== the ledger alone');
  const path = await measurePath(LEDGER_DIR, { customers: PATH_CUSTOMERS, seconds: flags.quick ? 5 : 120, say });
  const expiry = await measureExpiry(LEDGER_DIR, { lots: flags.quick ? 20_000 : 1_000_000, say });
  const tuned = await measureOpenTuned(LEDGER_DIR, {
    ...{ customers: PATH_CUSTOMERS, copyPerSecond: path.footprint.eventsPerSecond },
    ...{ quick: flags.quick, say },
  });
  return { path, tuned, expiry };
};

const measureBooks = (): Promise<FlatFigures[]> => {
  say('\n== the ledger alone, with books of several sizes');
  return measureFlat(LEDGER_DIR, { sizes: bookSizes(flags.quick), seconds, say });
};

const kinds = !wants('house') ? [] : flags.bus ? [flags.bus] : BUSES;
const results: BusFigures[] = [];
for (const kind of kinds) {
  if (kind === 'kafka') {
    const available = await kafkaAvailability({ env: {} });
    if (available.kind === 'none') {
      say(`kafka is left out: ${available.reason}`);
      continue;
    }
  }
  results.push(await measureBus(kind));
}
const figures: Figures = {
  buses: results,
  ...(wants('ledger') ? { alone: await measureLedgerAlone() } : {}),
  ...(wants('flat') ? { flat: await measureBooks() } : {}),
};
if (figures.alone || figures.flat) rmSync(LEDGER_DIR, { recursive: true, force: true });
const report = render(figures, {
  command: `npm run bench${flags.quick ? ' -- --quick' : ''}`,
  machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, database with default durability (fsync, synchronous_commit), load and services on the same machine`,
  date: new Date().toISOString().slice(0, 10),
});
say(`\n${report}`);
const page = `${root}docs/benchmarks.md`;
if (!flags.quick && !flags.bus && !flags.only) writeFileSync(page, intoPage(readFileSync(page, 'utf8'), report));
