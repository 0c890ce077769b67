import { decodeEvent } from '@vafa/contracts';
import type { AppError, Clock, Log } from '@vafa/kernel';
import { type DeadLetter, mirror } from '../dead-letters/store.ts';
import { isInfrastructure, reasonOf } from '../errors.ts';
import { emitRecords } from '../outbox/emit.ts';
import type { Sql, Tx } from '../sql.ts';
import { lockFence } from './fence.ts';
import type { Subscription } from './subscription.ts';

export interface RetryWaitingDeps {
  group: string;
  sql: Sql;
  clock: Clock;
  log: Log;
  afterCommit: () => void;
  /** How long an event may wait for what it needs before an operator has to look. */
  patienceMs: number;
}

/** Keys looked at per sweep. */
const MAX_KEYS = 500;
const MAX_BACK_OFF_MS = 30_000;

interface Due {
  topic: string;
  partition: number;
  key: string;
}

/**
 * Tries waiting events again: per customer and topic in their order, one transaction each, under the partition's fence so
 * that the live consumer and this sweep never handle one customer at the same time. Returns how many were settled.
 */
export const createRetryWaiting = (deps: RetryWaitingDeps, subscriptions: readonly Subscription[]) => {
  const { group, sql, clock, log } = deps;
  const byTopic = new Map(subscriptions.map((subscription) => [subscription.topic.name, subscription]));

  const settle = async (tx: Tx, letter: DeadLetter, status: 'retried' | 'parked', code: string, message: string) => {
    await tx`update dead_letter set status = ${status}, error_code = ${code}, error_message = ${message},
      attempts = attempts + 1, last_attempt_at = ${clock.now().toString()}, next_attempt_at = null where id = ${letter.id}`;
    if (status === 'parked') {
      const record = {
        ...letter,
        offset: BigInt(letter.offset),
        headers: JSON.parse(letter.headers) as Record<string, string>,
        value: letter.valueBytes ?? letter.value,
      };
      await emitRecords(tx, [mirror(record, group, code, message, letter.attempts + 1)]);
      log.warn({ group, topic: letter.topic, id: letter.id, code }, 'event parked after waiting');
    }
  };

  const postpone = async (tx: Tx, letter: DeadLetter, error: AppError): Promise<void> => {
    const waitMs = Math.min(MAX_BACK_OFF_MS, 500 * 2 ** Math.min(letter.attempts, 16));
    const next = clock.now().add({ milliseconds: waitMs });
    await tx`update dead_letter set attempts = attempts + 1, error_code = ${error.code}, error_message = ${error.message},
      last_attempt_at = ${clock.now().toString()}, next_attempt_at = ${next.toString()} where id = ${letter.id}`;
  };

  /** Handles the oldest waiting event of a key. True when the next one of the key may follow. */
  const tryOldest = (due: Due): Promise<boolean> =>
    sql.begin(async (tx) => {
      await lockFence(tx, group, due.topic, due.partition);
      const [letter] = await tx<
        DeadLetter[]
      >`select id, topic, partition, record_offset as "offset", key, headers, value,
          value_bytes as "valueBytes", attempts, first_seen_at as "firstSeenAt"
        from dead_letter where grp = ${group} and topic = ${due.topic} and key = ${due.key} and status = 'waiting'
        order by id limit 1`;
      if (!letter) return false;
      const subscription = byTopic.get(letter.topic);
      const headers = JSON.parse(letter.headers) as Record<string, string>;
      const decoded = decodeEvent({
        topic: letter.topic,
        key: letter.key,
        headers,
        value: letter.valueBytes ?? letter.value,
      });
      if (!subscription || !decoded.ok) {
        const problem = decoded.ok ? { code: 'bus.no_handler', message: 'no handler for this topic' } : decoded.problem;
        await settle(tx, letter, 'parked', problem.code, problem.message);
        return true;
      }
      if (subscription.ignores.includes(decoded.event.type)) {
        await settle(tx, letter, 'retried', 'bus.ignored', 'ignored by this service');
        return true;
      }
      const context = { group, topic: letter.topic, partition: letter.partition, now: clock.now() };
      const result = await subscription.handler(tx, [decoded.event], context);
      const refused = result?.refused?.[0];
      const waits = result?.notReady?.[0];
      if (refused) await settle(tx, letter, 'parked', refused.error.code, refused.error.message);
      else if (waits) {
        const waitedMs = clock.now().epochMilliseconds - Date.parse(letter.firstSeenAt);
        if (waitedMs < deps.patienceMs) {
          await postpone(tx, letter, waits.error);
          return false;
        }
        await settle(tx, letter, 'parked', waits.error.code, `${waits.error.message} (gave up waiting)`);
      } else await settle(tx, letter, 'retried', 'bus.retried', 'handled on a later try');
      return true;
    });

  const parkAfterThrow = (due: Due, error: unknown): Promise<void> =>
    sql.begin(async (tx) => {
      await lockFence(tx, group, due.topic, due.partition);
      const [letter] = await tx<
        DeadLetter[]
      >`select id, topic, partition, record_offset as "offset", key, headers, value,
          value_bytes as "valueBytes", attempts from dead_letter
        where grp = ${group} and topic = ${due.topic} and key = ${due.key} and status = 'waiting' order by id limit 1`;
      const { code, message } = reasonOf(error);
      if (letter) await settle(tx, letter, 'parked', code, message);
    });

  return async (): Promise<number> => {
    const dues = await sql<Due[]>`
      select topic, partition, key from dead_letter
      where grp = ${group} and status = 'waiting' and next_attempt_at <= ${clock.now().toString()} and key is not null
      group by topic, partition, key order by min(id) limit ${MAX_KEYS}`;
    let settled = 0;
    for (const due of dues) {
      try {
        while (await tryOldest(due)) settled += 1;
      } catch (error) {
        if (isInfrastructure(error)) throw error;
        log.error({ group, topic: due.topic, err: error }, 'waiting event failed');
        await parkAfterThrow(due, error);
      }
    }
    if (dues.length > 0) deps.afterCommit();
    return settled;
  };
};
