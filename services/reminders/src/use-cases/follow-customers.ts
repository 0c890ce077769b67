import type { HandlerContext, HandlerResult, Tx } from '@vafa/bus';
import type { CustomerErased, CustomerMerged, CustomerUpdated, EventOf } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import { forgetAnswers, giveAnswers, recordErasure, recordMerge, resolveCustomers, welcomeBack } from '@vafa/platform';
import { isTimeZone } from '../domain/due.ts';
import { cancelOutdone, deleteTimers, moveTimers } from '../store/cancel-timers.ts';
import { addCounts, type CountStep } from '../store/counts.ts';
import { deletePurchases, moveLastPurchases, moveRefunds } from '../store/purchases.ts';
import { deleteZone, recordZones } from '../store/zones.ts';
import { readWallClocks } from './read-wall-clocks.ts';
import { cancelledSteps } from './set-timers.ts';

type Updated = EventOf<typeof CustomerUpdated>;
type CustomerEvent = Updated | EventOf<typeof CustomerMerged | typeof CustomerErased>;

/**
 * Follows what happens to customers themselves: their time zones, merges (timers come along, the newest purchase stands)
 * and erasures (nothing stays).
 */
export const followCustomers = async (
  tx: Tx,
  events: readonly CustomerEvent[],
  defaultTimeZone: string,
  { now, partition }: HandlerContext,
): Promise<HandlerResult> => {
  const refused: NonNullable<HandlerResult['refused']> = [];
  const steps: CountStep[] = [];
  let updates: Updated[] = [];
  const flush = async (): Promise<void> => {
    await recordUpdates(tx, updates, defaultTimeZone);
    updates = [];
  };
  for (const event of events) {
    const error = problemOf(event);
    if (error) refused.push({ event, error });
    else if (event.type === 'customer.updated') updates.push(event);
    else {
      // What was told before a merge or an erasure is dealt with before it; what lies between is taken in one go.
      await flush();
      steps.push(
        ...(event.type === 'customer.merged' ? await merge(tx, event, defaultTimeZone, now) : await erase(tx, event)),
      );
    }
  }
  await flush();
  await addCounts(tx, steps, partition);
  return { refused };
};

const problemOf = (event: CustomerEvent): AppError | undefined => {
  if (event.type === 'customer.merged' && event.data.customerId === event.data.intoCustomerId)
    return new AppError('invalid', 'reminders.merged_into_itself', 'a customer is merged into itself');
  if (event.type === 'customer.updated' && event.data.timeZone !== undefined && !isTimeZone(event.data.timeZone))
    return new AppError('invalid', 'reminders.unknown_time_zone', 'timeZone is no IANA time zone that is known here');
  return undefined;
};

const recordUpdates = async (tx: Tx, updates: readonly Updated[], defaultTimeZone: string): Promise<void> => {
  if (updates.length === 0) return;
  await welcomeBack(
    tx,
    updates.map(({ data, time }) => ({ customerId: data.customerId, at: time })),
  );
  const resolve = await resolveCustomers(
    tx,
    updates.map(({ data }) => data.customerId),
  );
  const latest = new Map<string, { customerId: string; timeZone: string | null; at: string; atMs: number }>();
  for (const { data, time } of updates) {
    const atMs = Temporal.Instant.from(time).epochMilliseconds;
    if (resolve(data.customerId, atMs) !== data.customerId) continue;
    if ((latest.get(data.customerId)?.atMs ?? Number.NEGATIVE_INFINITY) <= atMs)
      latest.set(data.customerId, { customerId: data.customerId, timeZone: data.timeZone ?? null, at: time, atMs });
  }
  await recordZones(tx, [...latest.values()]);
  await readWallClocks(tx, [...latest.keys()], defaultTimeZone);
};

const merge = async (
  tx: Tx,
  { data, time }: EventOf<typeof CustomerMerged>,
  defaultTimeZone: string,
  now: Temporal.Instant,
): Promise<CountStep[]> => {
  const from = data.customerId;
  // The one merged into may itself have been merged into another meanwhile.
  const resolve = await resolveCustomers(tx, [data.intoCustomerId]);
  const into = resolve(data.intoCustomerId, Number.POSITIVE_INFINITY) ?? data.intoCustomerId;
  if (into === from) return [];
  const doubled = await moveTimers(tx, from, into);
  await moveLastPurchases(tx, from, into);
  await moveRefunds(tx, from, into);
  await deleteZone(tx, from);
  const outdone = await cancelOutdone(tx, into, now);
  await readWallClocks(tx, [into], defaultTimeZone);
  await giveAnswers(tx, from, into);
  await recordMerge(tx, from, into, time);
  return [...cancelledSteps(doubled, 'merged'), ...cancelledSteps(outdone, 'bought_again')];
};

const erase = async (tx: Tx, { data, time }: EventOf<typeof CustomerErased>): Promise<CountStep[]> => {
  const gone = await deleteTimers(tx, data.customerId);
  await deletePurchases(tx, data.customerId);
  await deleteZone(tx, data.customerId);
  await forgetAnswers(tx, [data.customerId]);
  await recordErasure(tx, data.customerId, time);
  return cancelledSteps(gone, 'erased');
};
