import { COPY_OF_THE_GOALS } from '../copy-of-the-goals.ts';
import { percentile } from '../percentile.ts';
import { copyFootprint, type Footprint } from './copy-footprint.ts';
import { createFeed, type FeedFigures, forSeconds } from './feed-bus.ts';
import { costOfMaking, endlessPurchases } from './feed-purchases.ts';
import { withHouseRow } from './house-row.ts';
import { measureRedeeming, type RedeemingFigures } from './measure-redeeming.ts';
import { OPEN_SECONDS, offerOpenLoad } from './offer-open-load.ts';
import { openLedger } from './open-ledger.ts';
import type { OpenLoadFigures } from './open-load.ts';

export interface PathFigures {
  customers: number;
  batch: { size: number; workers: number; perSecond: number; p99Ms: number; seconds: number };
  /** A transaction per event; `withHouseRow`: that also moves a balance of the house, see there. */
  single: { connections: number; perSecond: number; withHouseRow: number };
  /** Batches while the book is as small as it was for a transaction per event. */
  small: { perSecond: number; seconds: number };
  redeeming: RedeemingFigures;
  footprint: Footprint;
  /** What the load itself costs the thread that books. */
  microsToMake: number;
  /** At a rate that is given, whether or not it is kept up with. */
  open: OpenLoadFigures[];
  /** At rates that are so large a part of what COPY wrote. */
  shares: (OpenLoadFigures & { share: number })[];
}

const BATCH = 1_000;
const WORKERS = 2;
const SINGLE_CONNECTIONS = 8;
const COPIED_EVENTS = 200_000;
/** Given by the goals, and the same shares of COPY here. */
export const OPEN_RATES = [5_000, 20_000];
export const OPEN_SHARES = OPEN_RATES.map((rate) => rate / COPY_OF_THE_GOALS);
const REDEEMING_SECONDS = 30;

const perSecond = ({ records, seconds }: FeedFigures): number => records / seconds;

/** Booking alone: decoding, rules, natural keys, both legs, balance, lot, outbox, fence, durable; without bus and relay. */
export const measurePath = async (
  dir: string,
  options: { customers: number; seconds: number; say: (line: string) => void },
): Promise<PathFigures> => {
  const { customers, seconds, say } = options;
  const ledger = await openLedger(dir, SINGLE_CONNECTIONS + 2);
  try {
    const measure = async (maxBatch: number, concurrency: number, duration: number): Promise<FeedFigures> => {
      const feed = createFeed(endlessPurchases(customers));
      await ledger.consume(feed, { maxBatch, concurrency });
      return feed.run(forSeconds(duration));
    };
    const microsToMake = costOfMaking(endlessPurchases(customers));
    say('ledger path: a transaction per event …');
    await measure(1, SINGLE_CONNECTIONS, 3);
    const single = await measure(1, SINGLE_CONNECTIONS, Math.min(seconds, 10));
    say('ledger path: a transaction per event, with a balance of the house …');
    const withHouse = await withHouseRow(ledger.admin, () => measure(1, SINGLE_CONNECTIONS, Math.min(seconds, 10)));
    await measure(BATCH, WORKERS, 3);
    say(`ledger path: batches of ${BATCH} in as small a book …`);
    const small = await measure(BATCH, WORKERS, Math.min(seconds, 10));
    say('ledger path: COPY of the same rows …');
    const footprint = await copyFootprint(ledger.admin, COPIED_EVENTS);
    const offer = (rate: number): Promise<OpenLoadFigures> => {
      say(`ledger path: open load of ${rate}/s …`);
      return offerOpenLoad(ledger, { customers, perSecond: rate, seconds: Math.min(seconds, OPEN_SECONDS) });
    };
    const shares: PathFigures['shares'] = [];
    for (const share of OPEN_SHARES)
      shares.push({ share, ...(await offer(Math.round(share * footprint.eventsPerSecond))) });
    const open: OpenLoadFigures[] = [];
    for (const rate of OPEN_RATES) open.push(await offer(rate));
    say('ledger path: with redemptions …');
    const redeeming = await measureRedeeming(ledger, {
      ...{ customers, seconds: Math.min(seconds, REDEEMING_SECONDS), maxBatch: BATCH, workers: WORKERS },
    });
    // Last: what it leaves to the vacuum would be measured with all that followed.
    say(`ledger path: batches of ${BATCH}, ${seconds} s …`);
    const batch = await measure(BATCH, WORKERS, seconds);
    return {
      customers,
      batch: {
        ...{ size: BATCH, workers: WORKERS, perSecond: perSecond(batch), seconds: batch.seconds },
        p99Ms: percentile(batch.batchMs, 0.99),
      },
      single: {
        ...{ connections: SINGLE_CONNECTIONS, perSecond: perSecond(single) },
        withHouseRow: perSecond(withHouse),
      },
      small: { perSecond: perSecond(small), seconds: small.seconds },
      ...{ footprint, open, shares, redeeming, microsToMake },
    };
  } finally {
    await ledger.stop();
  }
};
