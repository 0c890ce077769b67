import { AppError } from '@vafa/kernel';
import { percentile } from '../percentile.ts';
import { createFeed, forSeconds } from './feed-bus.ts';
import { endlessPurchases } from './feed-purchases.ts';
import type { BareLedger } from './open-ledger.ts';

export interface RedeemingFigures {
  /** Purchases and redemptions together. */
  perSecond: number;
  redemptions: number;
  seconds: number;
  batchP99Ms: number;
  /** A reservation and its capture together. */
  redemptionP99Ms: number;
}

/** Of all events. */
const SHARE = 0.05;
const POINTS = 5;
/** Most redemptions under way at the same time: more are not begun until some are done. */
export const MAX_UNDER_WAY = 200;
const LOOK_MS = 1;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LOOK_MS));

/** Holds points of a customer and spends them, by two requests. False where there are too few. */
const redeem = async (ledger: BareLedger, customer: string): Promise<boolean> => {
  try {
    const params = { customerId: customer };
    const held = await ledger.post('/v1/customers/:customerId/reservations', params, { points: POINTS });
    const { reservationId } = held as { reservationId: string };
    await ledger.post('/v1/reservations/:reservationId/capture', { reservationId }, {});
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'ledger.insufficient_points') return false;
    throw error;
  }
};

/**
 * Full batches of purchases and, beside them, redemptions of customers who have bought, as many as make up their share of all.
 * Neither runs ahead of the other, so the slower one sets the pace.
 */
export const measureRedeeming = async (
  ledger: BareLedger,
  options: { customers: number; seconds: number; maxBatch: number; workers: number },
): Promise<RedeemingFigures> => {
  const { customers, seconds, maxBatch, workers } = options;
  const source = endlessPurchases(customers);
  const buyers: string[] = [];
  let [begun, redeemed, ended] = [0, 0, false];
  const make: typeof source.make = (partition, offset) => {
    const record = source.make(partition, offset);
    buyers.push(record.key as string);
    return record;
  };
  /** Those of the newest batch of each partition may not have their points yet. */
  const served = (): number => Math.max(0, buyers.length - source.partitions * maxBatch);
  const due = (): number => Math.floor((served() * SHARE) / (1 - SHARE));
  const feed = createFeed({ ...source, make });
  await ledger.consume(feed, { maxBatch, concurrency: workers });

  const times: number[] = [];
  const redeemOne = async (): Promise<void> => {
    const at = performance.now();
    if (await redeem(ledger, buyers[Math.floor(Math.random() * served())] as string)) redeemed += 1;
    times.push(performance.now() - at);
  };
  let failure: unknown;
  /** Begins redemptions as they become due, whether or not others are done. */
  const redeemDue = async (): Promise<void> => {
    const underWay = new Set<Promise<void>>();
    while (failure === undefined && (!ended || begun < due())) {
      for (; begun < due() && underWay.size < MAX_UNDER_WAY; begun++) {
        const one = redeemOne()
          .catch((error: unknown) => {
            failure ??= error;
          })
          .finally(() => underWay.delete(one));
        underWay.add(one);
      }
      await pause();
    }
    await Promise.all(underWay);
    if (failure !== undefined) throw failure;
  };
  const inTime = forSeconds(seconds);
  /** True once the redemptions that belong to earlier batches are under way. */
  const wanted = async (): Promise<boolean> => {
    while (failure === undefined && begun < due() - maxBatch * SHARE && inTime()) await pause();
    return failure === undefined && inTime();
  };
  const purchase = async () => {
    const figures = await feed.run(wanted);
    ended = true;
    return figures;
  };
  const at = performance.now();
  const [figures] = await Promise.all([purchase(), redeemDue()]);
  const took = (performance.now() - at) / 1_000;
  if (redeemed < begun * 0.9) throw new Error(`${begun - redeemed} of ${begun} redemptions lacked points`);
  return {
    perSecond: (figures.records + redeemed) / took,
    ...{ redemptions: redeemed, seconds: took },
    ...{ batchP99Ms: percentile(figures.batchMs, 0.99), redemptionP99Ms: percentile(times, 0.99) },
  };
};
