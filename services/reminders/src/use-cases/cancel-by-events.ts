import type { Tx } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import type { ResolveCustomer } from '@vafa/platform';
import { CANCELLING_EVENTS } from '../domain/timer.ts';
import { cancelByEvent } from '../store/cancel-timers.ts';
import type { CountStep } from '../store/counts.ts';
import { cancelledSteps } from './set-timers.ts';

const CANCELLING: ReadonlySet<string> = new Set(CANCELLING_EVENTS);

/** Cancels the single reminders that these events end; returns what to count. */
export const cancelByEvents = async (
  tx: Tx,
  events: readonly EventEnvelope<string, { customerId: string }>[],
  resolve: ResolveCustomer,
  now: Temporal.Instant,
): Promise<CountStep[]> => {
  const ending = events.flatMap(({ type, time, data }) => {
    if (!CANCELLING.has(type)) return [];
    const customerId = resolve(data.customerId, Temporal.Instant.from(time).epochMilliseconds);
    return customerId === undefined ? [] : [{ type, time, customerId }];
  });
  return ending.length === 0 ? [] : cancelledSteps(await cancelByEvent(tx, ending, now), 'by_event');
};
