import type { Queryable, Tx } from '@vafa/bus';
import { AppError, readTimeToLive } from '@vafa/kernel';
import { resolveCustomers } from '@vafa/platform';
import type { Channel, ReminderPurpose } from '../domain/definition.ts';
import { type CancellingEvent, judge, ONCE, type Params } from '../domain/timer.ts';
import { addCounts } from '../store/counts.ts';
import { findTimer, insertSingle, lockTimer, type StoredTimer, settleTimers } from '../store/timers.ts';

/** Counts of HTTP calls are kept apart from those of the partitions. */
const HTTP_SHARD = -2;
/** Beyond this nobody knows what a reminder was for. */
const MAX_AHEAD_DAYS = 5 * 366;
const DEFAULT_TIME_TO_LIVE = 'P1D';

export interface SingleInput {
  customerId: string;
  at: string;
  templateId: string;
  channels: Channel[];
  purpose: ReminderPurpose;
  params?: Params;
  timeToLive?: string;
  cancelOn?: CancellingEvent[];
}

/**
 * Sets one reminder at an instant. An instant that has passed, but not by more than the time to live, fires at once.
 * @throws reminders.invalid_reminder, reminders.too_late, reminders.too_far_ahead
 */
export const setSingle = async (
  tx: Tx,
  id: string,
  input: SingleInput,
  now: Temporal.Instant,
): Promise<StoredTimer> => {
  const { dueAt, timeToLiveMs } = readInput(input);
  if (judge({ dueAt }, timeToLiveMs, now).kind === 'expire')
    throw new AppError('rejected', 'reminders.too_late', 'the instant is longer ago than the time to live');
  if (Temporal.Instant.compare(dueAt, now.add({ hours: MAX_AHEAD_DAYS * 24 })) > 0)
    throw new AppError('rejected', 'reminders.too_far_ahead', `the instant is more than ${MAX_AHEAD_DAYS} days ahead`);
  const resolve = await resolveCustomers(tx, [input.customerId]);
  const timer = {
    id,
    definitionId: ONCE,
    // Who was merged into another is reached under the other's id.
    customerId: resolve(input.customerId, now.epochMilliseconds) ?? input.customerId,
    occurrence: id,
    dueAt,
    params: input.params ?? {},
    asking: {
      messages: input.channels.map((channel) => ({ channel, templateId: input.templateId })),
      purpose: input.purpose,
      timeToLiveMs,
    },
    cancelOn: input.cancelOn && input.cancelOn.length > 0 ? [...new Set(input.cancelOn)] : undefined,
  };
  await insertSingle(tx, timer, now);
  await addCounts(tx, [{ definitionId: ONCE, outcome: 'created', reason: '', by: 1 }], HTTP_SHARD);
  return { ...timer, status: 'scheduled', reason: null, createdAt: now.toString(), settledAt: null };
};

/** @throws reminders.invalid_reminder listing every problem */
const readInput = ({ at, timeToLive, channels }: SingleInput): { dueAt: Temporal.Instant; timeToLiveMs: number } => {
  const length = readTimeToLive(timeToLive ?? DEFAULT_TIME_TO_LIVE);
  const dueAt = readInstant(at);
  const problems = [
    ...('problem' in length ? [{ path: '/timeToLive', message: length.problem }] : []),
    ...(dueAt ? [] : [{ path: '/at', message: 'must be an ISO 8601 instant with an offset' }]),
    ...(new Set(channels).size < channels.length ? [{ path: '/channels', message: 'names a channel twice' }] : []),
  ];
  if (problems.length > 0 || !dueAt || !('ms' in length))
    throw new AppError('invalid', 'reminders.invalid_reminder', 'the reminder is not right', { problems });
  return { dueAt, timeToLiveMs: length.ms };
};

const readInstant = (text: string): Temporal.Instant | undefined => {
  try {
    return Temporal.Instant.from(text);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/** @throws reminders.not_found */
export const getTimer = async (sql: Queryable, id: string): Promise<StoredTimer> => {
  const timer = await findTimer(sql, id);
  if (!timer) throw new AppError('not_found', 'reminders.not_found', `there is no reminder ${id}`);
  return timer;
};

/**
 * Cancels a reminder, a single one or one that a definition set. Cancelling it again gives the same answer.
 * @throws reminders.not_found, reminders.already_over when it has fired or expired
 */
export const cancelTimer = async (tx: Tx, id: string, now: Temporal.Instant): Promise<StoredTimer> => {
  const timer = await lockTimer(tx, id);
  if (!timer) throw new AppError('not_found', 'reminders.not_found', `there is no reminder ${id}`);
  if (timer.status === 'cancelled') return timer;
  if (timer.status !== 'scheduled')
    throw new AppError('conflict', 'reminders.already_over', `the reminder has ${timer.status} already`);
  await settleTimers(tx, [{ id, status: 'cancelled', reason: 'by_request' }], now);
  await addCounts(
    tx,
    [{ definitionId: timer.definitionId, outcome: 'cancelled', reason: 'by_request', by: 1 }],
    HTTP_SHARD,
  );
  return { ...timer, status: 'cancelled', reason: 'by_request', settledAt: now.toString() };
};
