import { mkdir, statfs } from 'node:fs/promises';
import { createFeed, forSeconds } from './feed-bus.ts';
import { endlessPurchases } from './feed-purchases.ts';
import { fillCustomers, fillEntries } from './fill-book.ts';
import { openLedger } from './open-ledger.ts';

export interface FlatFigures {
  customers: number;
  /** Entries in the book beforehand. */
  entries: number;
  /** On a server with the settings of `TUNED`, not with the default ones. */
  tuned: boolean;
  fillSeconds: number;
  perSecond: number;
  microsPerEvent: number;
}

export interface BookSize {
  customers: number;
  entries: number;
  tuned: boolean;
}

/**
 * Settings of a server that millions of customers live on, as the README recommends them: by default it keeps 128 MB of pages
 * in memory and makes a checkpoint for each GB of changes, which ends with a wait for the disk and after which the first change
 * to a page writes all of it to the log.
 */
export const TUNED = {
  ...{ shared_buffers: '2GB', max_wal_size: '8GB', min_wal_size: '4GB' },
  backend_flush_after: '256kB',
};

const BOOK_CUSTOMERS = 100_000;

/** By customers without entries, then by entries, then the first and the last by customers on a tuned server. */
export const bookSizes = (quick: boolean): BookSize[] => {
  const customers = quick ? [10_000, BOOK_CUSTOMERS] : [10_000, BOOK_CUSTOMERS, 1_000_000, 5_000_000];
  const entries = quick ? [100_000] : [1_000_000, 10_000_000];
  const empty = customers.map((each): BookSize => ({ customers: each, entries: 0, tuned: false }));
  return [
    ...empty,
    ...entries.map((each) => ({ customers: BOOK_CUSTOMERS, entries: each, tuned: false })),
    ...[...empty.slice(0, 1), ...empty.slice(-1)].map((each) => ({ ...each, tuned: true })),
  ];
};

/** On disk with indexes, log of changes and room for what is booked meanwhile. */
const BYTES = { entry: 1_200, customer: 500, besides: 6e9 };
const roomFor = async (dir: string, { customers, entries }: BookSize): Promise<boolean> => {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize > entries * BYTES.entry + customers * BYTES.customer + BYTES.besides;
};

const BATCH = 1_000;
const WORKERS = 2;
const WARM_UP_SECONDS = 3;

const measureSize = async (
  dir: string,
  { customers, entries, tuned }: BookSize,
  seconds: number,
  say: (line: string) => void,
): Promise<FlatFigures> => {
  const server = tuned ? ', tuned server' : '';
  say(
    `flatness: ${customers.toLocaleString('en')} customers, ${entries.toLocaleString('en')} entries${server}: filling …`,
  );
  const ledger = await openLedger(dir, WORKERS, tuned ? TUNED : {});
  try {
    const at = performance.now();
    if (entries > 0) await fillEntries(ledger.admin, { entries, customers }, say);
    else await fillCustomers(ledger.admin, customers);
    // What the filling left to write must not be written while it is measured.
    await ledger.admin`checkpoint`;
    const fillSeconds = (performance.now() - at) / 1_000;
    const feed = createFeed(endlessPurchases(customers));
    await ledger.consume(feed, { maxBatch: BATCH, concurrency: WORKERS });
    await feed.run(forSeconds(WARM_UP_SECONDS));
    const figures = await feed.run(forSeconds(seconds));
    const perSecond = figures.records / figures.seconds;
    say(`… filled within ${fillSeconds.toFixed(0)} s, ${Math.round(perSecond).toLocaleString('en')} events/s`);
    return { customers, entries, tuned, fillSeconds, perSecond, microsPerEvent: 1_000_000 / perSecond };
  } finally {
    await ledger.stop();
  }
};

/** Booking full batches with books of several sizes, each in a database of its own; those the disk can't take are left out. */
export const measureFlat = async (
  dir: string,
  options: { sizes: readonly BookSize[]; seconds: number; say: (line: string) => void },
): Promise<FlatFigures[]> => {
  const figures: FlatFigures[] = [];
  await mkdir(dir, { recursive: true });
  for (const size of options.sizes) {
    // Its log of changes is made first: a file that is there already costs a fifth less than a new one.
    if (size.tuned && !figures.some(({ tuned }) => tuned)) await measureSize(dir, size, options.seconds, options.say);
    if (await roomFor(dir, size)) figures.push(await measureSize(dir, size, options.seconds, options.say));
    else options.say(`flatness: no room on the disk for ${JSON.stringify(size)}, it is left out`);
  }
  return figures;
};
