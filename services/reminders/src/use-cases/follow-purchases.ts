import type { HandlerContext, Tx } from '@vafa/bus';
import type { EventOf, PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import { type ResolveCustomer, resolveCustomers } from '@vafa/platform';
import { dueAfterDays } from '../domain/due.ts';
import { type CategoryPurchase, newestByCategory } from '../domain/purchases.ts';
import type { Params } from '../domain/timer.ts';
import { cancelRefunded, cancelReplaced } from '../store/cancel-timers.ts';
import { addCounts, type CountStep } from '../store/counts.ts';
import { categoryKey, findRefunded, recordLastPurchases, recordRefunds } from '../store/purchases.ts';
import { findZones } from '../store/zones.ts';
import { cancelByEvents } from './cancel-by-events.ts';
import type { LiveDefinitions, LoadDefinitions } from './live-definitions.ts';
import { cancelledSteps, setTimers, type Wanted } from './set-timers.ts';

type PurchaseEvent = EventOf<typeof PurchaseCompleted | typeof PurchaseRefunded>;
export interface FollowDeps {
  definitions: LoadDefinitions;
  defaultTimeZone: string;
}

/**
 * Sets a timer for each purchase of a category that a definition waits for, instead of the one an older purchase had set;
 * a refund of the whole order takes its timer back. Purchases and refunds may come late, twice and in any order.
 */
export const followPurchases = async (
  tx: Tx,
  events: readonly PurchaseEvent[],
  deps: FollowDeps,
  { now, partition }: HandlerContext,
): Promise<void> => {
  const live = await deps.definitions(tx);
  const resolve = await resolveCustomers(
    tx,
    events.map(({ data }) => data.customerId),
  );
  const steps = await cancelByEvents(tx, events, resolve, now);
  if (live.byCategory.size > 0) {
    // Refunds first: they also tell which purchases of this very batch need no timer.
    steps.push(...(await takeBackRefunded(tx, wholeRefunds(events, resolve), live, now)));
    steps.push(...(await remember(tx, newestByCategory(bought(events, resolve), live.categories), live, deps, now)));
  }
  await addCounts(tx, steps, partition);
};

const instantOf = (time: string): Temporal.Instant => Temporal.Instant.from(time);

const bought = (events: readonly PurchaseEvent[], resolve: ResolveCustomer) =>
  events.flatMap((event) => {
    if (event.type !== 'purchase.completed') return [];
    const at = instantOf(event.time);
    const customerId = resolve(event.data.customerId, at.epochMilliseconds);
    return customerId === undefined ? [] : [{ customerId, orderId: event.data.orderId, at, lines: event.data.lines }];
  });

const wholeRefunds = (
  events: readonly PurchaseEvent[],
  resolve: ResolveCustomer,
): { customerId: string; orderId: string }[] =>
  events.flatMap((event) => {
    if (event.type !== 'purchase.refunded' || event.data.scope !== 'whole' || !event.data.orderId) return [];
    const customerId = resolve(event.data.customerId, instantOf(event.time).epochMilliseconds);
    return customerId === undefined ? [] : [{ customerId, orderId: event.data.orderId }];
  });

const takeBackRefunded = async (
  tx: Tx,
  refunds: readonly { customerId: string; orderId: string }[],
  live: LiveDefinitions,
  now: Temporal.Instant,
): Promise<CountStep[]> => {
  if (refunds.length === 0) return [];
  await recordRefunds(tx, refunds, now);
  const ids = [...live.byCategory.values()].flat().map(({ id }) => id);
  return cancelledSteps(await cancelRefunded(tx, ids, refunds, now), 'refunded');
};

const remember = async (
  tx: Tx,
  purchases: readonly CategoryPurchase[],
  live: LiveDefinitions,
  deps: FollowDeps,
  now: Temporal.Instant,
): Promise<CountStep[]> => {
  if (purchases.length === 0) return [];
  const became = await recordLastPurchases(tx, purchases);
  const newest = purchases.filter((purchase) => became.has(categoryKey(purchase)));
  if (newest.length === 0) return [];
  const pairs = newest.flatMap((purchase) =>
    (live.byCategory.get(purchase.category) ?? []).map((definition) => ({ purchase, definition })),
  );
  const replaced = await cancelReplaced(
    tx,
    pairs.map(({ purchase, definition }) => ({
      definitionId: definition.id,
      customerId: purchase.customerId,
      orderId: purchase.orderId,
    })),
    now,
  );
  const refunded = await findRefunded(
    tx,
    newest.map(({ orderId }) => orderId),
  );
  const zones = await findZones(
    tx,
    newest.map(({ customerId }) => customerId),
  );
  const wanted = pairs
    .filter(({ purchase }) => !refunded.has(purchase.orderId))
    .map(({ purchase, definition }): Wanted => {
      const zone = zones.get(purchase.customerId) ?? deps.defaultTimeZone;
      return {
        definition,
        customerId: purchase.customerId,
        occurrence: purchase.orderId,
        due: dueAfterDays(purchase.at, definition.afterDays, definition.timeOfDay, zone),
        params: paramsOf(purchase),
      };
    });
  return [...cancelledSteps(replaced, 'bought_again'), ...(await setTimers(tx, wanted, now))];
};

const paramsOf = ({ category, orderId, at, sku, productName }: CategoryPurchase): Params => ({
  category,
  orderId,
  purchasedAt: at.toString(),
  sku,
  ...(productName === undefined ? {} : { productName }),
});
