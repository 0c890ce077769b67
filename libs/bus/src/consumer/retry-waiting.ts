import type { Clock, Log } from '@vafa/kernel';
import { type FindErased, forgetParked } from '../dead-letters/forget.ts';
import { scrubLetters } from '../dead-letters/store.ts';
import {
  findDue,
  findNext,
  lockLetter,
  type Place,
  postponeLetter,
  type Reason,
  recordOf,
  settleLetter,
  type WaitingLetter,
} from '../dead-letters/waiting.ts';
import { classify, reasonOf } from '../errors.ts';
import type { Sql, Tx } from '../sql.ts';
import { readEntry } from './entry.ts';
import { lockFences } from './fence.ts';
import { type HandlerResult, prepareAndHandle, type Subscription } from './subscription.ts';

export interface RetryWaitingDeps {
  group: string;
  sql: Sql;
  clock: Clock;
  log: Log;
  afterCommit: () => void;
  /** How long an event may wait for what it needs before an operator has to look. */
  patienceMs: number;
  findErased: FindErased;
}

/** Tries of an event whose error we can't place, before it is parked. */
const UNSURE_TRIES = 3;

/** What comes of a waiting event after a try. */
type Verdict = Reason & { outcome: 'retried' | 'parked' | 'waits' };

const parked = (reason: Reason): Verdict => ({ outcome: 'parked', ...reason });

const judge = (letter: WaitingLetter, result: HandlerResult, waitedTooLong: boolean): Verdict => {
  const [refused, unready] = [result.refused?.[0], result.notReady?.[0]];
  if (refused) return parked(reasonOf(refused.error));
  if (!unready) return { outcome: 'retried', code: 'bus.retried', message: `handled on try ${letter.attempts + 1}` };
  if (!waitedTooLong) return { outcome: 'waits', ...reasonOf(unready.error) };
  return parked({ code: unready.error.code, message: `${unready.error.message} (gave up waiting)` });
};

const createHandle =
  ({ group, clock, patienceMs }: RetryWaitingDeps, find: (topic: string) => Subscription | undefined) =>
  async (tx: Tx, letter: WaitingLetter): Promise<Verdict> => {
    const { topic, partition } = letter;
    const subscription = find(topic);
    if (!subscription) return parked({ code: 'bus.no_handler', message: 'no handler for this topic' });
    const { event, problem } = readEntry(recordOf(letter), Number.POSITIVE_INFINITY);
    if (!event) return parked({ code: problem?.code ?? 'internal', message: problem?.message ?? '' });
    if (subscription.ignores.includes(event.type))
      return { outcome: 'retried', code: 'bus.ignored', message: 'ignored by this service' };
    const now = clock.now();
    const result = await prepareAndHandle(subscription, tx, [event], { group, topic, partition, now });
    return judge(letter, result, now.epochMilliseconds - Date.parse(letter.firstSeenAt) >= patienceMs);
  };

/**
 * Tries waiting events again, one transaction each, under the partition's fence so that the live consumer and this sweep
 * never handle one customer at the same time. Where order matters only the oldest of a customer and topic is tried, and
 * the next ones right after it is settled. Returns how many were settled.
 */
export const createRetryWaiting = (deps: RetryWaitingDeps, subscriptions: readonly Subscription[]) => {
  const { group, sql, clock, log } = deps;
  const handle = createHandle(deps, (name) => subscriptions.find(({ topic }) => topic.name === name));
  const inOrder = subscriptions.filter(({ order }) => order === 'key').map(({ topic }) => topic.name);

  /** Its customer was erased while it waited, and nothing came of it. */
  const isForgotten = async (tx: Tx, letter: WaitingLetter, { outcome, code, message }: Verdict): Promise<boolean> => {
    if (outcome !== 'parked') return false;
    const parking = { record: recordOf(letter), status: outcome, code, message };
    const [left] = await forgetParked(tx, [parking], deps.findErased);
    return left?.status === 'discarded';
  };

  /** Undefined when somebody else settled it meanwhile. */
  const attempt = ({ id, topic, partition }: Place, decide: typeof handle): Promise<Verdict | undefined> =>
    sql.begin(async (tx) => {
      await lockFences(tx, group, topic, [partition]);
      const letter = await lockLetter(tx, id);
      if (!letter) return undefined;
      const verdict = await decide(tx, letter);
      if (verdict.outcome === 'waits') await postponeLetter(tx, letter, inOrder.includes(topic), verdict, clock.now());
      else if (await isForgotten(tx, letter, verdict)) await scrubLetters(tx, [id]);
      else await settleLetter(tx, letter, verdict.outcome, verdict, clock.now());
      if (verdict.outcome === 'parked')
        log.warn({ group, topic, id, code: verdict.code }, 'event parked after waiting');
      return verdict;
    });

  const tryOne = async (place: Place): Promise<Verdict | undefined> => {
    try {
      return await attempt(place, handle);
    } catch (error) {
      const failure = classify(error);
      if (failure === 'infrastructure') throw error;
      log.error({ group, topic: place.topic, id: place.id, err: error }, 'waiting event failed');
      return attempt(place, async (_tx, { attempts }) => ({
        outcome: failure === 'unsure' && attempts < UNSURE_TRIES ? 'waits' : 'parked',
        ...reasonOf(error),
      }));
    }
  };

  return async (): Promise<number> => {
    const due = await findDue(sql, group, inOrder, clock.now());
    let settled = 0;
    for (const head of due) {
      for (let place: Place | undefined = head; place; ) {
        const verdict = await tryOne(place);
        if (verdict?.outcome === 'waits') break;
        if (verdict) settled += 1;
        place = inOrder.includes(head.topic) ? await findNext(sql, group, place) : undefined;
      }
    }
    if (due.length > 0) deps.afterCommit();
    return settled;
  };
};
