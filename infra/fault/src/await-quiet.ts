import { setTimeout as wait } from 'node:timers/promises';
import { isInfrastructure, type Sql } from '@vafa/bus';
import { statusOf, type TrialHouse } from '@vafa/trial';

export interface Quiet {
  reached: boolean;
  /** From the end of the faults to the first look that found nothing left. */
  seconds: number;
  /** What was left when it was given up, by place. */
  left: Record<string, number>;
}

const LOOK_MS = 100;
/** Looks in a row that must find nothing: what one service finished may just be on its way to the next. */
const CALM_LOOKS = 3;
/** A service that does not answer counts as this much left. */
const NO_ANSWER = 1;

/** Messages between two states, and points whose time will come in a moment: that they get there is part of what is judged. */
const underWay = async (sql: Sql): Promise<{ messages: number; pending: number }> => {
  try {
    const [row] = await sql<{ messages: number; pending: number }[]>`select
      (select count(*) from messaging.message where state in ('queued', 'sending', 'unknown')) as messages,
      (select count(*) from ledger.lot where pending > 0 and awaits is null) as pending`;
    return row ?? { messages: 0, pending: 0 };
  } catch (error) {
    if (!isInfrastructure(error)) throw error;
    return { messages: NO_ANSWER, pending: NO_ANSWER };
  }
};

const look = async (house: TrialHouse, sql: Sql): Promise<Record<string, number>> => {
  const left: Record<string, number> = {};
  const note = (place: string, count: number): void => {
    if (count > 0) left[place] = count;
  };
  await Promise.all(
    Object.entries(house.urls).map(async ([service, url]) => {
      const status = await statusOf(url).catch(() => undefined);
      if (!status) return note(`${service} does not answer`, NO_ANSWER);
      note(`${service} lag`, status.lag);
      note(`${service} outbox`, status.outboxDepth);
      note(`${service} waiting`, status.deadLetters.waiting);
    }),
  );
  const { messages, pending } = await underWay(sql);
  note('messages under way', messages);
  note('pending points', pending);
  return left;
};

/**
 * Waits until everything is done: nothing unread, no outbox filled, nothing waiting, no message between two states, no points
 * pending that time alone activates. Gives up after `limitMs`, or when it has not become less for `stillMs`.
 */
export const awaitQuiet = async (
  house: TrialHouse,
  sql: Sql,
  limits: { limitMs: number; stillMs: number },
): Promise<Quiet> => {
  const begun = performance.now();
  let least = Number.POSITIVE_INFINITY;
  let movedAt = begun;
  let quietAt = begun;
  for (let calm = 0; ; ) {
    const left = await look(house, sql);
    const now = performance.now();
    const isEmpty = Object.keys(left).length === 0;
    if (isEmpty && calm === 0) quietAt = now;
    calm = isEmpty ? calm + 1 : 0;
    if (calm >= CALM_LOOKS) return { reached: true, seconds: (quietAt - begun) / 1_000, left };
    const sum = Object.values(left).reduce((total, count) => total + count, 0);
    if (sum < least) movedAt = now;
    least = Math.min(least, sum);
    if (now - begun > limits.limitMs || (!isEmpty && now - movedAt > limits.stillMs))
      return { reached: false, seconds: (now - begun) / 1_000, left };
    await wait(LOOK_MS);
  }
};
