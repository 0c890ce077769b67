import { copyFootprint, type Footprint } from './copy-footprint.ts';
import { createFeed, type FeedFigures, forSeconds } from './feed-bus.ts';
import { endlessPurchases } from './feed-purchases.ts';
import { openLedger } from './open-ledger.ts';
import { createOpenLoad, type OpenLoadFigures } from './open-load.ts';

export interface PathFigures {
  customers: number;
  batch: { size: number; workers: number; perSecond: number; p99Ms: number; seconds: number };
  single: { connections: number; perSecond: number };
  footprint: Footprint;
  /** At a rate that is given, whether or not it is kept up with. */
  open: OpenLoadFigures[];
}

const BATCH = 1_000;
const WORKERS = 2;
const SINGLE_CONNECTIONS = 8;
const COPIED_EVENTS = 200_000;
const OPEN_RATES = [5_000, 20_000];
const OPEN_MAX_BATCH = 2_000;

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
      // Each run begins its log anew.
      await ledger.admin`delete from ledger.consumer_fence`;
      await ledger.consume(feed, { maxBatch, concurrency });
      return feed.run(forSeconds(duration));
    };
    say('ledger path: a transaction per event …');
    const single = await measure(1, SINGLE_CONNECTIONS, Math.min(seconds, 10));
    say(`ledger path: batches of ${BATCH}, ${seconds} s …`);
    await measure(BATCH, WORKERS, 3);
    const batch = await measure(BATCH, WORKERS, seconds);
    const open: OpenLoadFigures[] = [];
    for (const rate of OPEN_RATES) {
      say(`ledger path: open load of ${rate}/s …`);
      const load = createOpenLoad(endlessPurchases(customers));
      await ledger.admin`delete from ledger.consumer_fence`;
      await ledger.consume(load, { maxBatch: OPEN_MAX_BATCH, concurrency: WORKERS });
      open.push(await load.run(rate, Math.min(seconds, 15)));
    }
    say('ledger path: COPY of the same rows …');
    const footprint = await copyFootprint(ledger.admin, COPIED_EVENTS);
    return {
      customers,
      batch: {
        ...{ size: BATCH, workers: WORKERS, perSecond: perSecond(batch), seconds: batch.seconds },
        p99Ms: batch.batchMs[Math.floor(batch.batchMs.length * 0.99)] ?? Number.NaN,
      },
      single: { connections: SINGLE_CONNECTIONS, perSecond: perSecond(single) },
      footprint,
      open,
    };
  } finally {
    await ledger.stop();
  }
};
