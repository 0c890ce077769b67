import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createAsk, type LedgerDoor } from './ask-ledger.ts';
import { percentile } from './percentile.ts';

export interface SteadyRedemptions {
  ledger: LedgerDoor;
  /** One of `customer-0` to `customer-<n - 1>` redeems at a time. */
  customers: number;
  perSecond: number;
  seconds: number;
  /** As many requests that ask for nothing: what is left is what any request takes beside the load. */
  asksNothing?: boolean;
}

export interface RedeemedFigures {
  redeemed: number;
  /** Milliseconds from the instant at which it was due to its answer. */
  reserveP99Ms: number;
  captureP99Ms: number;
  /** Redemptions that the service ended, or answered 408: it could not take the request in within `HTTP_REQUEST_TIMEOUT_MS`. */
  cutOff: number;
}

/** Redemptions of the first part of a run are not counted: plans and caches are warmed. */
const WARM_UP_SHARE = 0.2;
const TIMED_OUT = 408;

const redeemAll = async (asked: SteadyRedemptions): Promise<RedeemedFigures> => {
  const { ledger, customers, perSecond, seconds, asksNothing = false } = asked;
  const ask = createAsk(ledger);
  const reserveMs: number[] = [];
  const captureMs: number[] = [];
  const begun = performance.now();
  let cutOff = 0;
  const lookIn = async (dueMs: number, counts: boolean): Promise<'answered'> => {
    const late = performance.now() - dueMs;
    const [first, second] = [await ask('/live'), await ask('/live')];
    if (counts) {
      reserveMs.push(late + first.ms);
      captureMs.push(second.ms);
    }
    return 'answered';
  };
  const redeem = async (dueMs: number, counts: boolean): Promise<'answered' | 'cut off'> => {
    const late = performance.now() - dueMs;
    const customerId = `customer-${Math.floor(Math.random() * customers)}`;
    const held = await ask(`/v1/customers/${customerId}/reservations`, { points: 1 });
    if (held.status === TIMED_OUT) return 'cut off';
    if (counts) reserveMs.push(late + held.ms);
    if (held.status === 422) return 'answered';
    if (held.status !== 201) throw new Error(`a reservation was answered ${held.status}`);
    const spent = await ask(`/v1/reservations/${held.json.reservationId}/capture`, {});
    if (spent.status === TIMED_OUT) return 'cut off';
    if (counts) captureMs.push(spent.ms);
    if (spent.status !== 200) throw new Error(`a capture was answered ${spent.status}`);
    return 'answered';
  };
  const visit = asksNothing ? lookIn : redeem;
  const total = Math.round(perSecond * seconds);
  const running: Promise<void>[] = [];
  for (let n = 0; n < total; n++) {
    const dueMs = begun + (n * 1_000) / perSecond;
    const wait = dueMs - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    running.push(
      visit(dueMs, n >= total * WARM_UP_SHARE)
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ECONNRESET') throw error;
          return 'cut off' as const;
        })
        .then((outcome) => {
          if (outcome === 'cut off') cutOff += 1;
        }),
    );
  }
  await Promise.all(running);
  const [reserveP99Ms, captureP99Ms] = [reserveMs, captureMs].map((each) => percentile(each, 0.99)) as [number, number];
  return { redeemed: total - cutOff, reserveP99Ms, captureP99Ms, cutOff };
};

export interface Redeemers {
  /** Begins now. Once. @throws Error when one is answered otherwise than by success, or by 422 when there are no points */
  run(): Promise<RedeemedFigures>;
}

/**
 * Who redeems at a steady rate, each time a reservation and its capture, in a thread of its own: it is not the one that
 * publishes purchases, and would wait for that one's turns of the event loop. Resolves when the thread waits for its start.
 */
export const openRedeemers = async (asked: SteadyRedemptions): Promise<Redeemers> => {
  const worker = new Worker(new URL(import.meta.url), { workerData: asked });
  let figures: RedeemedFigures | undefined;
  const ended = new Promise<RedeemedFigures>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', (code) => {
      if (figures) resolve(figures);
      else reject(new Error(`the redeeming thread ended with ${code}`));
    });
  });
  // Heard by who runs it.
  ended.catch(() => undefined);
  await Promise.race([once(worker, 'message'), ended]);
  worker.on('message', (told: RedeemedFigures) => {
    figures = told;
  });
  return {
    run: () => {
      worker.postMessage('begin');
      return ended;
    },
  };
};

if (!isMainThread && parentPort) {
  parentPort.postMessage('ready');
  await once(parentPort, 'message');
  parentPort.postMessage(await redeemAll(workerData as SteadyRedemptions));
}
