import { emit, type Sql, type Tx } from '@vafa/bus';
import { event, MessageRequested } from '@vafa/contracts';
import { type Clock, idFrom, present } from '@vafa/kernel';
import type { Definition } from '../domain/definition.ts';
import { type Asking, judge, ONCE, requestIdOf, type Timer, type Verdict } from '../domain/timer.ts';
import { addCounts, type CountStep } from '../store/counts.ts';
import { liveDefinitions } from '../store/definitions.ts';
import { claimDueTimers, settleTimers } from '../store/timers.ts';
import { timeToLiveMs } from './live-definitions.ts';

const SOURCE = '/vafa/reminders';
/** Counts of sweeps are kept apart from those of the partitions. */
const SWEEP_SHARD = -1;
/** Least that one definition gets of a portion, however many there are. */
const MIN_SHARE = 50;

export interface FireDeps {
  sql: Sql;
  clock: Clock;
  /** Told of each timer that fired, how late it was. */
  fired?: (lateMs: number) => void;
}

interface Judged {
  timer: Timer;
  asking: Asking;
  verdict: Verdict;
}

/**
 * Fires a portion of what is due: the timers are marked and the messages asked for in one transaction, so a process that
 * dies leaves either both or neither. `turn` says which definition comes first. Returns how many timers were settled.
 */
export const fireDue = async (deps: FireDeps, portion: number, turn: number): Promise<number> => {
  const judged = await deps.sql.begin(async (tx) => {
    const now = deps.clock.now();
    const active = new Map(
      (await liveDefinitions(tx)).filter(({ status }) => status === 'active').map((each) => [each.id, each]),
    );
    const ids = inTurn([ONCE, ...active.keys()], turn);
    const each = Math.max(MIN_SHARE, Math.ceil(portion / ids.length));
    const timers = await claimDueTimers(tx, ids, now, { each, all: portion });
    if (timers.length === 0) return [];
    const done = timers.map((timer): Judged => {
      const asking = askingOf(timer, active);
      return { timer, asking, verdict: judge(timer, asking.timeToLiveMs, now) };
    });
    await settle(tx, done, now);
    return done;
  });
  for (const { timer, verdict } of judged)
    if (verdict.kind === 'fire') deps.fired?.(deps.clock.now().epochMilliseconds - timer.dueAt.epochMilliseconds);
  return judged.length;
};

const inTurn = <Item>(items: readonly Item[], turn: number): Item[] => {
  const first = turn % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
};

const askingOf = (timer: Timer, active: ReadonlyMap<string, Definition>): Asking => {
  if (timer.asking) return timer.asking;
  const definition = present(active.get(timer.definitionId), 'the definition of a claimed timer');
  return { messages: definition.messages, purpose: definition.purpose, timeToLiveMs: timeToLiveMs(definition) };
};

const settle = async (tx: Tx, judged: readonly Judged[], now: Temporal.Instant): Promise<void> => {
  await settleTimers(
    tx,
    judged.map(({ timer, verdict }) =>
      verdict.kind === 'fire'
        ? { id: timer.id, status: 'fired', reason: null }
        : { id: timer.id, status: 'expired', reason: verdict.reason },
    ),
    now,
  );
  const steps = judged.map(
    ({ timer, verdict }): CountStep =>
      verdict.kind === 'fire'
        ? { definitionId: timer.definitionId, outcome: 'fired', reason: '', by: 1 }
        : { definitionId: timer.definitionId, outcome: 'expired', reason: verdict.reason, by: 1 },
  );
  await addCounts(tx, steps, SWEEP_SHARD);
  await emit(
    tx,
    judged.flatMap((each) => (each.verdict.kind === 'fire' ? asksOf(each, each.verdict.expiresAt, now) : [])),
  );
};

const asksOf = ({ timer, asking }: Judged, expiresAt: Temporal.Instant, now: Temporal.Instant) =>
  asking.messages.map(({ channel, templateId }) => {
    const requestId = requestIdOf(timer.id, channel);
    return event(
      MessageRequested,
      { id: idFrom('message.requested', requestId), source: SOURCE, time: now },
      {
        customerId: timer.customerId,
        requestId,
        channel,
        templateId,
        purpose: asking.purpose,
        params: { ...timer.params, customerId: timer.customerId },
        expiresAt: expiresAt.toString(),
        cause: {
          kind: 'reminder',
          id: timer.definitionId === ONCE ? timer.id : timer.definitionId,
          triggerId: timer.occurrence,
        },
      },
    );
  });
