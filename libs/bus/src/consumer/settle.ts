import type { Log } from '@vafa/kernel';
import { classify, isTooSlow, reasonOf } from '../errors.ts';
import type { BusMetrics } from '../metrics.ts';
import { backOffMs, sleep } from '../sleep.ts';
import type { Entry } from './entry.ts';
import { OutOfTurn } from './handle-in-order.ts';

/** Tries of a batch whose error we can't place, before it is halved. */
const UNSURE_TRIES = 3;
/** Tries of a batch that is too slow, before it is halved. */
const SLOW_TRIES = 2;

export interface SettleDeps {
  group: string;
  topic: string;
  log: Log;
  metrics: BusMetrics;
  /** Handles entries in one transaction. `rest` says that they are the later half of a batch. */
  transact: (entries: readonly Entry[], rest: boolean) => Promise<void>;
  /** Errors that are no failure of the batch, but news about the log. */
  isNews: (error: unknown) => boolean;
}

/**
 * Retries, halves or parks until a slice is behind us: infrastructure is waited for, poison is halved out and parked.
 * Throws only when told to stop, or news about the log.
 */
export const createSettle = ({ group, topic, log, metrics, transact, isNews }: SettleDeps) => {
  const park = (entry: Entry, error: unknown): void => {
    entry.problem = reasonOf(error);
    const { code } = entry.problem;
    log.error({ group, topic, offset: String(entry.record.offset), code, err: error }, 'poison event, it is parked');
  };

  const settle = async (
    entries: readonly Entry[],
    signal: AbortSignal,
    rest = false,
    unsureTries = UNSURE_TRIES,
  ): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await transact(entries, rest);
      } catch (error) {
        if (isNews(error) || signal.aborted) throw error;
        if (error instanceof OutOfTurn) {
          for (const entry of error.entries) entry.behind = true;
          continue;
        }
        const failure = classify(error);
        metrics.failures.inc({ group, topic, class: failure });
        const [only] = entries;
        const alone = entries.length === 1 && only;
        const halve = !alone && isTooSlow(error) && attempt >= SLOW_TRIES;
        // Parking writes a few plain rows: when even that fails it is not the event's fault.
        const parkingFailed = alone && only.problem !== undefined;
        if (
          parkingFailed ||
          (failure === 'infrastructure' && !halve) ||
          (failure === 'unsure' && attempt < unsureTries)
        ) {
          log.warn(
            { group, topic, partition: only?.record.partition, attempt, err: error },
            'batch failed, trying again',
          );
          await sleep(backOffMs(attempt), signal);
          if (signal.aborted) throw error;
        } else if (alone) {
          park(only, error);
        } else {
          const middle = Math.ceil(entries.length / 2);
          await settle(entries.slice(0, middle), signal, rest, 1);
          return settle(entries.slice(middle), signal, true, 1);
        }
      }
    }
  };

  return (entries: readonly Entry[], signal: AbortSignal): Promise<void> => settle(entries, signal);
};
