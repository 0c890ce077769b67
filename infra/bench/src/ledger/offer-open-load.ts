import { endlessPurchases } from './feed-purchases.ts';
import type { BareLedger } from './open-ledger.ts';
import { createOpenLoad, type OpenLoadFigures } from './open-load.ts';

/** As a service has it unless told otherwise, but for the batch: what waits may go at once. */
export const OPEN_CONSUMER = { maxBatch: 2_000, concurrency: 2 };
export const OPEN_SECONDS = 15;

/** Lets purchases arrive at a ledger at a steady rate. */
export const offerOpenLoad = async (
  ledger: BareLedger,
  { customers, perSecond, seconds }: { customers: number; perSecond: number; seconds: number },
): Promise<OpenLoadFigures> => {
  const load = createOpenLoad(endlessPurchases(customers));
  await ledger.consume(load, OPEN_CONSUMER);
  return load.run(perSecond, seconds);
};
