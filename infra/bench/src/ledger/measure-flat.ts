import { mkdir, statfs } from 'node:fs/promises';
import { createFeed, forSeconds } from './feed-bus.ts';
import { endlessPurchases } from './feed-purchases.ts';
import { fillCustomers, fillEntries } from './fill-book.ts';
import { openLedger } from './open-ledger.ts';

export interface FlatFigures {
  customers: number;
  /** Entries in the book beforehand. */
  entries: number;
  fillSeconds: number;
  perSecond: number;
  microsPerEvent: number;
}

export interface BookSize {
  customers: number;
  entries: number;
}

const BOOK_CUSTOMERS = 100_000;

/** By customers without entries, then by entries. */
export const bookSizes = (quick: boolean): BookSize[] => [
  ...(quick ? [10_000, BOOK_CUSTOMERS] : [10_000, BOOK_CUSTOMERS, 1_000_000, 5_000_000]).map((customers) => ({
    ...{ customers, entries: 0 },
  })),
  ...(quick ? [100_000] : [1_000_000, 10_000_000]).map((entries) => ({ customers: BOOK_CUSTOMERS, entries })),
];

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
  { customers, entries }: BookSize,
  seconds: number,
  say: (line: string) => void,
): Promise<FlatFigures> => {
  say(`flatness: ${customers.toLocaleString('en')} customers, ${entries.toLocaleString('en')} entries: filling …`);
  const ledger = await openLedger(dir, WORKERS);
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
    return { customers, entries, fillSeconds, perSecond, microsPerEvent: 1_000_000 / perSecond };
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
    if (await roomFor(dir, size)) figures.push(await measureSize(dir, size, options.seconds, options.say));
    else options.say(`flatness: no room on the disk for ${JSON.stringify(size)}, it is left out`);
  }
  return figures;
};
