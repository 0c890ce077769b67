import type { ExpiryFigures } from './ledger/measure-expiry.ts';
import type { FlatFigures } from './ledger/measure-flat.ts';
import type { TunedFigures } from './ledger/measure-open-tuned.ts';
import type { PathFigures } from './ledger/measure-path.ts';
import type { LoadResult } from './limits.ts';
import type { GatewayFigures, LatencyFigures, LedgerFigures } from './measure-house.ts';
import type { HotFigures, MixBesideNothing } from './measure-redemptions.ts';

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
  /** Balances read over HTTP. */
  reading: LoadResult;
  hot: HotFigures;
  mix: MixBesideNothing;
  /** The same at a rate that is so large a part of what COPY wrote. */
  mixShare: MixBesideNothing & { share: number };
}

/** What was measured of the ledger without a bus. */
export interface LedgerAlone {
  path: PathFigures;
  /** The open loads on a server with the settings of `TUNED`. */
  tuned: TunedFigures;
  expiry: ExpiryFigures;
}

/** All of a run; parts that were left out are missing. */
export interface Figures {
  buses: readonly BusFigures[];
  alone?: LedgerAlone;
  flat?: readonly FlatFigures[];
}

export const count = (value: number): string => Math.round(value).toLocaleString('en');
/** Cut, not rounded: what falls short of a goal must not look as though it had reached it. */
export const ratio = (value: number, limit: number): string =>
  (Math.floor((value / limit) * 100 + 1e-9) / 100).toFixed(2);

const NAMES = { 'postgres-log': 'the log in PostgreSQL', kafka: 'Apache Kafka, one broker on the same machine' };
export const busName = ({ kind }: Pick<BusFigures, 'kind'>): string => NAMES[kind];

/** How much dearer an event was than with the smallest book of the series. */
export const timesTheSmallest = (flat: readonly FlatFigures[], each: FlatFigures): number =>
  each.microsPerEvent / (flat[0]?.microsPerEvent ?? Number.NaN);
