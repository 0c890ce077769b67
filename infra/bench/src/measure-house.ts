import type { EventBus, Sql } from '@vafa/bus';
import { Topics } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { createApi, type TrialHouse, waitUntilIdle } from '@vafa/trial';
import { copyFootprint, type Footprint } from './ledger/copy-footprint.ts';
import { type LoadResult, load, loadReading, publishAll, readRecords } from './limits.ts';
import { percentile } from './percentile.ts';
import { makePurchases } from './purchases.ts';

/** One purchase as the gateway takes it, with a new order id each time. */
export const purchaseBody = (): string =>
  JSON.stringify({
    customerId: `customer-${Math.floor(Math.random() * 100_000)}`,
    orderId: newId(),
    currency: 'IRR',
    totalMinor: 2_500_000,
    lines: [{ sku: 'coffee-250', category: 'coffee', quantity: 1, amountMinor: 2_500_000 }],
  });

export interface GatewayFigures {
  single: LoadResult;
  batchEventsPerSecond: number;
  batch: LoadResult;
}

const BATCH = 500;

/** The gateway under closed load: one purchase per request, and batches. */
export const measureGateway = async (house: TrialHouse, seconds: number): Promise<GatewayFigures> => {
  const url = `${house.urls.gateway}/v1/purchases`;
  const headers = { authorization: `Bearer ${house.apiKey}` };
  const single = await load(url, { body: purchaseBody, seconds, connections: 64, headers });
  const items = (): string => `{"items":[${Array.from({ length: BATCH }, purchaseBody).join(',')}]}`;
  // Made beforehand: the load must not wait for its own bodies.
  const bodies = Array.from({ length: 100 }, items);
  let turn = 0;
  const batch = await load(url, {
    body: () => bodies[turn++ % bodies.length] as string,
    seconds,
    connections: 4,
    headers,
  });
  return { single, batch, batchEventsPerSecond: batch.requestsPerSecond * BATCH };
};

/** What a shop shows on each of its pages: balances of customers who have bought, each connection one after the other. */
export const measureReading = (
  house: TrialHouse,
  { customers, seconds }: { customers: number; seconds: number },
): Promise<LoadResult> => {
  const url = house.urls.ledger;
  if (url === undefined) throw new Error('the house has no ledger');
  return loadReading(url, {
    path: () => `/v1/customers/customer-${Math.floor(Math.random() * customers)}/balance`,
    ...{ seconds, connections: 16, headers: { authorization: `Bearer ${house.apiKey}` } },
  });
};

export interface LedgerFigures {
  events: number;
  publishPerSecond: number;
  bookedPerSecond: number;
  /** COPY of what these events made in the ledger's tables, on the same server. */
  footprint: Footprint;
}

const COPIED_EVENTS = 100_000;

/** Records that a topic has had so far. */
const endOf = async (bus: EventBus, topic: string): Promise<number> =>
  (await bus.bounds(topic)).reduce((sum, { high }) => sum + Number(high), 0);

/** Purchases that lie on the bus while the ledger is away, then the time it takes to book them all. */
export const measureLedger = async (
  house: TrialHouse,
  bus: EventBus,
  sql: Sql,
  count: number,
): Promise<LedgerFigures> => {
  const events = makePurchases(count, 100_000, Temporal.Now.instant());
  const ledger = house.processes.get('ledger');
  const pid = ledger?.pid();
  if (!pid) throw new Error('the ledger has no process of its own');
  // What the gateway's load left behind is booked first.
  await waitUntilIdle(house.urls, ['ledger'], { limitMs: 600_000 });
  const pointsBefore = await endOf(bus, Topics.points.name);
  process.kill(pid, 'SIGSTOP');
  const publishPerSecond = await publishAll(bus, events);
  const booked = async (): Promise<number> => {
    const [row] = await sql<{ n: number }[]>`select count(*) as n from ledger.purchase`;
    return row?.n ?? 0;
  };
  const before = await booked();
  const begun = performance.now();
  process.kill(pid, 'SIGCONT');
  await waitUntilIdle(house.urls, ['ledger'], { limitMs: 600_000, everyMs: 50 });
  const seconds = (performance.now() - begun) / 1000;
  const done = (await booked()) - before;
  if (done !== count) throw new Error(`${done} of ${count} purchases were booked`);
  // The relay has emptied the outbox: what it held lies on the bus.
  const outboxPerEvent = ((await endOf(bus, Topics.points.name)) - pointsBefore) / count;
  const copied = Math.min(COPIED_EVENTS, count);
  const published = await readRecords(bus, Topics.points.name, Math.round(copied * outboxPerEvent));
  const footprint = await copyFootprint(sql, copied, published);
  return { events: count, publishPerSecond, bookedPerSecond: count / seconds, footprint };
};

export interface LatencyFigures {
  sent: number;
  p50Ms: number;
  p99Ms: number;
}

/** Purchases at a steady rate; the time from the request to the provider's acceptance of the SMS each causes. */
export const measureLatency = async (
  house: TrialHouse,
  options: { perSecond: number; seconds: number; received: () => Promise<Map<string, number>> },
): Promise<LatencyFigures> => {
  const api = createApi(house.urls, house.apiKey);
  const sentAt = new Map<string, number>();
  const total = options.perSecond * options.seconds;
  const begun = performance.now();
  const requests: Promise<unknown>[] = [];
  for (let i = 0; i < total; i++) {
    const due = begun + (i * 1000) / options.perSecond;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const orderId = newId();
    sentAt.set(orderId, Date.now());
    requests.push(
      api.call('gateway', 'POST', '/v1/purchases', {
        customerId: `latency-${i % 100}`,
        orderId,
        currency: 'IRR',
        totalMinor: 1_000_000,
        lines: [],
      }),
    );
  }
  await Promise.all(requests);
  const limit = performance.now() + 60_000;
  let received = await options.received();
  while (received.size < total && performance.now() < limit) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    received = await options.received();
  }
  const times = [...sentAt].flatMap(([orderId, at]) => {
    const arrived = received.get(orderId);
    return arrived === undefined ? [] : [arrived - at];
  });
  if (times.length !== total) throw new Error(`${times.length} of ${total} messages arrived`);
  return { sent: total, p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) };
};
