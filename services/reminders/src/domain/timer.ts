import type { Channel, ReminderMessage, ReminderPurpose } from './definition.ts';

/** Stands for the definition of reminders that were asked for one by one; no definition can have this id. */
export const ONCE = '_once';

export type TimerStatus = 'scheduled' | 'fired' | 'cancelled' | 'expired';

/** Events that can cancel a single reminder. */
export const CANCELLING_EVENTS = [
  'purchase.completed',
  'purchase.refunded',
  'interaction.recorded',
  'points.earned',
  'points.redeemed',
] as const;
export type CancellingEvent = (typeof CANCELLING_EVENTS)[number];

/** What a timer asks for when it fires. */
export interface Asking {
  messages: ReminderMessage[];
  purpose: ReminderPurpose;
  timeToLiveMs: number;
}

export type Params = Record<string, string | number | boolean>;

/** Something due for somebody. */
export interface Timer {
  id: string;
  definitionId: string;
  customerId: string;
  /** Natural key of what it is about: the order, the lot, or its own id. */
  occurrence: string;
  dueAt: Temporal.Instant;
  localDue?: string | undefined;
  /** There is nothing to remind of from this instant on. */
  notAfter?: Temporal.Instant | undefined;
  params: Params;
  /** Of a single reminder only; others ask for what their definition says when they fire. */
  asking?: Asking | undefined;
  cancelOn?: CancellingEvent[] | undefined;
}

export type Verdict =
  | { kind: 'fire'; expiresAt: Temporal.Instant }
  | { kind: 'expire'; reason: 'overdue' | 'pointless' };

/** Until when a timer may fire. */
const endOf = (timer: Pick<Timer, 'dueAt' | 'notAfter'>, timeToLiveMs: number): Temporal.Instant => {
  const end = timer.dueAt.add({ milliseconds: timeToLiveMs });
  return timer.notAfter && Temporal.Instant.compare(timer.notAfter, end) < 0 ? timer.notAfter : end;
};

/**
 * What to do with a timer at `now`, at or after its due instant: after a long downtime a reminder comes too late to be of
 * use, or what it was about is over.
 */
export const judge = (
  timer: Pick<Timer, 'dueAt' | 'notAfter'>,
  timeToLiveMs: number,
  now: Temporal.Instant,
): Verdict => {
  if (timer.notAfter && Temporal.Instant.compare(now, timer.notAfter) >= 0)
    return { kind: 'expire', reason: 'pointless' };
  if (Temporal.Instant.compare(now, timer.dueAt.add({ milliseconds: timeToLiveMs })) > 0)
    return { kind: 'expire', reason: 'overdue' };
  return { kind: 'fire', expiresAt: endOf(timer, timeToLiveMs) };
};

/** The same timer and channel give the same request for ever. */
export const requestIdOf = (timerId: string, channel: Channel): string => `reminder:${timerId}:${channel}`;
