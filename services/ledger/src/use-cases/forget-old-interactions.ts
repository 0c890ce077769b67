import type { Tx } from '@vafa/bus';
import { deleteOldInteractions } from '../store/awaited-interactions.ts';
import type { CurrentRules } from './current-programme.ts';

/**
 * Forgets one portion of the interactions that were kept for purchases told after them: the longest that points await one by the
 * programme in force, and `keptDays`, after they were told. Returns how many went; 0 = nothing is left.
 */
export const forgetOldInteractions = async (
  tx: Tx,
  now: Temporal.Instant,
  limits: { keptDays: number; maxRows: number },
  deps: { currentRules: CurrentRules },
): Promise<number> => {
  const { awaited } = await deps.currentRules(tx);
  const before = now.subtract({ hours: 24 * (awaited.mostDays + limits.keptDays) });
  return deleteOldInteractions(tx, before.toString(), limits.maxRows);
};
