import { type BusFigures, busName, count, type Figures, type LedgerAlone, ratio, timesTheSmallest } from './figures.ts';
import type { FlatFigures } from './ledger/measure-flat.ts';
import type { OpenLoadFigures } from './ledger/open-load.ts';
import type { MixBesideNothing } from './measure-redemptions.ts';

/** A goal of speed and what became of it. */
export interface Goal {
  what: string;
  goal: string;
  figure: string;
  limit: string;
  /** Figure ÷ limit, or × for "so many times". */
  ratio: string;
  reached: boolean;
}

const COPY_SHARE = 0.4;
const COPY_SHARE_REDEEMING = 0.35;
const TIMES_SINGLE = 20;
const COPY_SHARE_BUS = { 'postgres-log': 0.25, kafka: 0.2 };
const OPEN_P99_MS: Record<number, number> = { 5000: 10, 20000: 50 };
/** An open load is kept up with when no more than the end of it is late. */
const KEPT_UP = 0.98;
/** Purchases, refunds and redemptions together. */
export const MIX_PER_SECOND = 10_000;
const MIX_P99_MS = 50;
const MIDNIGHT_LOTS = 1_000_000;
const MIDNIGHT_SECONDS = 60;
/** Two runs of the same differ by 15 %, in both directions. */
const FLAT = 1.3;

const openGoal = ({ offeredPerSecond, handledPerSecond, p99Ms }: OpenLoadFigures, mostMs: number, on = ''): Goal => ({
  what: `open load of ${count(offeredPerSecond)}/s, from arrival to durable${on}`,
  ...{ goal: `p99 ≤ ${mostMs} ms`, figure: `p99 ${p99Ms.toFixed(1)} ms at ${count(handledPerSecond)}/s` },
  ...{ limit: '', ratio: '', reached: p99Ms <= mostMs && handledPerSecond >= KEPT_UP * offeredPerSecond },
});

const pathGoals = ({ path, tuned, expiry }: LedgerAlone): Goal[] => {
  const { batch, small, single, redeeming, footprint, open, shares } = path;
  const copy = footprint.eventsPerSecond;
  const limit = `COPY of all its rows ${count(copy)} events/s`;
  const singles = `a transaction per event, ${single.connections} connections`;
  const on = ', on a tuned server';
  const openAt = (load: OpenLoadFigures, on?: string): Goal =>
    openGoal(load, OPEN_P99_MS[load.offeredPerSecond] ?? Number.NaN, on);
  // The same on a machine of any speed.
  const openOf = (load: OpenLoadFigures & { share: number }, i: number, on?: string): Goal => ({
    ...openGoal(load, Object.values(OPEN_P99_MS)[i] ?? Number.NaN, on),
    ...{ limit: on ? `${limit}, on default settings` : limit, ratio: load.share.toPrecision(2) },
  });
  return [
    {
      what: `ledger path, batches of ${count(batch.size)}, ${count(batch.seconds)} s`,
      ...{ goal: `≥ ${COPY_SHARE.toFixed(2)} of COPY`, figure: `${count(batch.perSecond)} events/s`, limit },
      ...{ ratio: ratio(batch.perSecond, copy), reached: batch.perSecond >= COPY_SHARE * copy },
    },
    {
      // What a transaction costs depends on the size of the book, for the one as for the other.
      what: 'the same beside one transaction per event, both in a small book',
      ...{ goal: `≥ × ${TIMES_SINGLE}`, figure: `${count(small.perSecond)} events/s` },
      limit: `${singles}: ${count(single.perSecond)} events/s`,
      ratio: `× ${(small.perSecond / single.perSecond).toFixed(1)}`,
      reached: small.perSecond >= TIMES_SINGLE * single.perSecond,
    },
    {
      // As where the goal was measured.
      what: 'the same beside one transaction per event that also moves a balance of the house, both in a small book',
      ...{ goal: `≥ × ${TIMES_SINGLE}`, figure: `${count(small.perSecond)} events/s` },
      limit: `${singles}, a row of the house: ${count(single.withHouseRow)} events/s`,
      ratio: `× ${(small.perSecond / single.withHouseRow).toFixed(1)}`,
      reached: small.perSecond >= TIMES_SINGLE * single.withHouseRow,
    },
    {
      what: `ledger path with 5 % redemptions (reserved and captured), ${count(redeeming.seconds)} s`,
      ...{ goal: `≥ ${COPY_SHARE_REDEEMING} of COPY`, figure: `${count(redeeming.perSecond)} events/s`, limit },
      ratio: ratio(redeeming.perSecond, copy),
      reached: redeeming.perSecond >= COPY_SHARE_REDEEMING * copy,
    },
    ...open.map((load) => openAt(load)),
    ...shares.map((load, i) => openOf(load, i)),
    ...tuned.open.map((load) => openAt(load, on)),
    ...tuned.shares.map((load, i) => openOf(load, i, on)),
    {
      what: `${count(expiry.lots)} lots expire at one midnight`,
      goal: `${count(MIDNIGHT_LOTS)} within ${MIDNIGHT_SECONDS} s, purchases flow`,
      figure: `${expiry.seconds.toFixed(1)} s, beside ${count(expiry.purchasesPerSecond)} purchases/s`,
      ...{ limit: '', ratio: '' },
      reached: expiry.seconds / expiry.lots <= MIDNIGHT_SECONDS / MIDNIGHT_LOTS && expiry.purchasesPerSecond > 0,
    },
  ];
};

const besideNothing = ({ nothingP99Ms }: MixBesideNothing): string =>
  `a request that asks for nothing, at the same load without them: p99 ${count(nothingP99Ms)} ms`;

const mixGoal = (bus: BusFigures, mix: MixBesideNothing, offered: number): Goal => {
  const p99Ms = Math.max(mix.reserveP99Ms, mix.captureP99Ms);
  return {
    what: `90 % purchases, 5 % refunds, 5 % redemptions over HTTP, on ${busName(bus)}`,
    goal: `≥ ${count(offered)}/s, p99 of a redemption < ${MIX_P99_MS} ms`,
    figure: `${count(mix.perSecond)}/s, p99 ${count(p99Ms)} ms at ${count(mix.redemptionsPerSecond)} redemptions/s${mix.cutOff > 0 ? `, ${count(mix.cutOff)} not answered` : ''}`,
    limit: besideNothing(mix),
    ...{ ratio: '', reached: mix.perSecond >= offered && p99Ms < MIX_P99_MS && mix.cutOff === 0 },
  };
};

const busGoals = (bus: BusFigures): Goal[] => {
  const { ledger, hot, mix, mixShare } = bus;
  const copy = ledger.footprint.eventsPerSecond;
  const share = COPY_SHARE_BUS[bus.kind];
  const limit = `COPY of all its rows ${count(copy)} events/s`;
  return [
    {
      what: `end to end, bus and relay included, on ${busName(bus)}`,
      ...{ goal: `≥ ${share.toFixed(2)} of COPY`, figure: `${count(ledger.bookedPerSecond)} events/s` },
      ...{ limit, ratio: ratio(ledger.bookedPerSecond, copy), reached: ledger.bookedPerSecond >= share * copy },
    },
    mixGoal(bus, mix, MIX_PER_SECOND),
    // The same on a machine of any speed.
    {
      ...mixGoal(bus, mixShare, KEPT_UP * mixShare.offeredPerSecond),
      limit: `${limit}; ${besideNothing(mixShare)}`,
      ratio: mixShare.share.toPrecision(2),
    },
    {
      what: `one hot customer, ${count(hot.requests)} redemptions at once, on ${busName(bus)}`,
      goal: 'no deadlock, no overdraft, all answered; p99 stated',
      figure: `${hot.accepted} held, ${hot.refused} refused, p99 ${count(hot.p99Ms)} ms`,
      // The bench breaks off when one is not answered or more is held than there is.
      ...{ limit: '', ratio: '', reached: hot.accepted + hot.refused === hot.requests },
    },
  ];
};

/** The largest book of a series beside its smallest. */
const flatGoal = (series: readonly FlatFigures[], of: 'customers' | 'entries'): Goal[] => {
  const [smallest, largest] = [series[0], series.at(-1)];
  if (!smallest || !largest || smallest === largest) return [];
  const dearest = Math.max(...series.map((each) => timesTheSmallest(series, each)));
  const shown = (figures: FlatFigures): string =>
    `${figures.microsPerEvent.toFixed(1)} µs an event with ${count(figures[of])}`;
  return [
    {
      what: `cost per event from ${count(smallest[of])} to ${count(largest[of])} ${of}${smallest.tuned ? ', on a tuned server' : ''}`,
      ...{ goal: `flat: nowhere above × ${FLAT}`, figure: shown(largest), limit: shown(smallest) },
      ...{ ratio: `× ${dearest.toFixed(2)} at most`, reached: dearest <= FLAT },
    },
  ];
};

/** Books of one series: those that differ in customers alone, with each kind of server, and those that differ in entries alone. */
export const seriesOf = (
  flat: readonly FlatFigures[],
): { byCustomers: FlatFigures[]; byEntries: FlatFigures[]; byCustomersTuned: FlatFigures[] } => {
  const filled = flat.find(({ entries }) => entries > 0);
  const plain = flat.filter(({ tuned }) => !tuned);
  return {
    byCustomers: plain.filter(({ entries }) => entries === 0),
    byEntries: plain.filter(({ customers }) => customers === filled?.customers),
    byCustomersTuned: flat.filter(({ tuned }) => tuned),
  };
};

/** Every goal of which something was measured. */
export const goalsOf = ({ buses, alone, flat }: Figures): Goal[] => {
  const { byCustomers, byEntries, byCustomersTuned } = seriesOf(flat ?? []);
  return [
    ...(alone ? pathGoals(alone) : []),
    ...buses.flatMap(busGoals),
    ...flatGoal(byCustomers, 'customers'),
    ...flatGoal(byCustomersTuned, 'customers'),
    ...flatGoal(byEntries, 'entries'),
  ];
};
