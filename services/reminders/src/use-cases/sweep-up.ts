import type { Sql } from '@vafa/bus';
import type { Clock } from '@vafa/kernel';
import { cancelStopped } from '../store/cancel-timers.ts';
import { addCounts } from '../store/counts.ts';
import { forgetRefunds } from '../store/purchases.ts';
import { cancelledSteps } from './set-timers.ts';

const SWEEP_SHARD = -1;

/** Cancels a portion of the timers of stopped definitions; stopping itself must not wait for a million of them. */
export const cancelOfStopped = (deps: { sql: Sql; clock: Clock }, portion: number): Promise<number> =>
  deps.sql.begin(async (tx) => {
    const cancelled = await cancelStopped(tx, portion, deps.clock.now());
    await addCounts(tx, cancelledSteps(cancelled, 'definition_stopped'), SWEEP_SHARD);
    return cancelled.length;
  });

/** Forgets refunds whose purchase did not come within the days. */
export const forgetOldRefunds = (
  deps: { sql: Sql; clock: Clock },
  keepDays: number,
  portion: number,
): Promise<number> =>
  deps.sql.begin((tx) => forgetRefunds(tx, deps.clock.now().subtract({ hours: keepDays * 24 }), portion));
