import type { EventBus } from '@vafa/bus';
import { type EventEnvelope, encodeEvent, event, PurchaseRefunded } from '@vafa/contracts';
import { newId, present } from '@vafa/kernel';
import { createApi, type TrialHouse, waitUntilIdle } from '@vafa/trial';
import { createAsk, type LedgerDoor } from './ask-ledger.ts';
import { percentile } from './percentile.ts';
import { makePurchases } from './purchases.ts';
import { openRedeemers } from './redeem-steadily.ts';

export interface HotFigures {
  requests: number;
  accepted: number;
  refused: number;
  seconds: number;
  p99Ms: number;
}

export interface MixFigures {
  offeredPerSecond: number;
  seconds: number;
  /** Purchases, refunds and redemptions together, booked. */
  perSecond: number;
  redemptionsPerSecond: number;
  reserveP99Ms: number;
  captureP99Ms: number;
  /** Redemptions that were never answered. */
  cutOff: number;
}

const doorOf = ({ urls, apiKey }: TrialHouse): LedgerDoor => ({ url: present(urls.ledger, 'the ledger'), apiKey });

const HOT = 'hot-customer';
const HOT_REQUESTS = 1_000;
const HOT_POINTS = 10;

/**
 * A thousand redemptions of one customer at once, with points for half of them.
 * @throws Error when one is not answered, or more is given than there is
 */
export const measureHotCustomer = async (house: TrialHouse): Promise<HotFigures> => {
  const ask = createAsk(doorOf(house));
  const points = (HOT_REQUESTS * HOT_POINTS) / 2;
  const given = await ask(`/v1/customers/${HOT}/adjustments`, { points, reason: 'bench' });
  if (given.status !== 201) throw new Error(`the hot customer's points were answered ${given.status}`);
  const begun = performance.now();
  const answers = await Promise.all(
    Array.from({ length: HOT_REQUESTS }, () => ask(`/v1/customers/${HOT}/reservations`, { points: HOT_POINTS })),
  );
  const seconds = (performance.now() - begun) / 1_000;
  const accepted = answers.filter(({ status }) => status === 201).length;
  const refused = answers.filter(({ status }) => status === 422).length;
  const api = createApi(house.urls, house.apiKey);
  const { active, reserved } = await api.call<{ active: number; reserved: number }>(
    ...(['ledger', 'GET', `/v1/customers/${HOT}/balance`] as const),
  );
  if (accepted * 2 !== HOT_REQUESTS || refused !== accepted || active !== 0 || reserved !== points)
    throw new Error(`${accepted} accepted, ${refused} refused; ${active} active and ${reserved} reserved are left`);
  return {
    requests: HOT_REQUESTS,
    accepted,
    refused,
    seconds,
    p99Ms: percentile(
      answers.map(({ ms }) => ms),
      0.99,
    ),
  };
};

const CUSTOMERS = 100_000;
const PORTION_MS = 20;
const SHARES = { purchases: 0.9, refunds: 0.05, redemptions: 0.05 };

const refundOf = ({ data }: EventEnvelope): EventEnvelope => {
  const { customerId, orderId, currency } = data as { customerId: string; orderId: string; currency: string };
  const refundId = newId();
  return event(
    PurchaseRefunded,
    { id: `refund:${refundId}`, source: '/bench', time: Temporal.Now.instant() },
    { customerId, refundId, orderId, scope: 'whole', currency },
  );
};

/** The mix, and beside it the 99th percentile of requests that ask for nothing, see `measureNothing`. */
export type MixBesideNothing = MixFigures & { nothingP99Ms: number };

interface Mix {
  perSecond: number;
  seconds: number;
  asksNothing?: boolean;
}

/** Purchases and refunds over the bus and redemptions over HTTP, at a steady rate together. */
export const measureMix = async (house: TrialHouse, bus: EventBus, mix: Mix): Promise<MixFigures> => {
  const { perSecond, seconds, asksNothing = false } = mix;
  const portions = Math.round((seconds * 1_000) / PORTION_MS);
  const per = (share: number): number => Math.round((perSecond * share * PORTION_MS) / 1_000);
  const purchasesPerPortion = per(SHARES.purchases);
  const redeemers = await openRedeemers({
    ...{ ledger: doorOf(house), customers: CUSTOMERS },
    ...{ perSecond: perSecond * SHARES.redemptions, seconds, asksNothing },
  });
  const begun = performance.now();
  const redeeming = redeemers.run();
  // Heard below, with what is published meanwhile.
  redeeming.catch(() => undefined);
  const running: Promise<unknown>[] = [];
  let earlier: EventEnvelope[] = [];
  for (let i = 0; i < portions; i++) {
    const wait = begun + i * PORTION_MS - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const purchases = makePurchases(purchasesPerPortion, CUSTOMERS, Temporal.Now.instant(), i * purchasesPerPortion);
    const refunds = earlier.slice(0, per(SHARES.refunds)).map(refundOf);
    earlier = purchases;
    running.push(bus.publish([...purchases, ...refunds].map(encodeEvent)));
  }
  const [{ redeemed, ...p99s }] = await Promise.all([redeeming, ...running]);
  await waitUntilIdle(house.urls, ['ledger'], { limitMs: 600_000, everyMs: 50 });
  const took = (performance.now() - begun) / 1_000;
  return {
    offeredPerSecond: perSecond,
    seconds: took,
    perSecond: (portions * (purchasesPerPortion + per(SHARES.refunds)) + redeemed) / took,
    redemptionsPerSecond: redeemed / took,
    ...p99s,
  };
};

/**
 * The 99th percentile, in milliseconds, of requests that ask for nothing, beside the same purchases and refunds and as many as those
 * of the redemptions: no redemption can be quicker there, whatever it does, and the load is lighter by what they would do.
 */
export const measureNothing = async (
  house: TrialHouse,
  bus: EventBus,
  mix: Omit<Mix, 'asksNothing'>,
): Promise<number> => {
  const { reserveP99Ms, captureP99Ms } = await measureMix(house, bus, { ...mix, asksNothing: true });
  return Math.max(reserveP99Ms, captureP99Ms);
};
