import type { Tx } from '@vafa/bus';
import { addToDate, dayAt } from '../domain/calendar.ts';
import { zoneOf } from '../domain/programme.ts';
import { daysNeededByAll } from '../domain/tiers/look.ts';
import { isoDate } from '../domain/tiers/window.ts';
import { deleteOldQualifications } from '../store/qualifications.ts';
import { deleteOldCounters } from '../store/rule-counters.ts';
import { findOldestLook } from '../store/tier-states.ts';
import { deleteWrongCodes } from '../store/wrong-codes.ts';
import type { CurrentRules } from './current-programme.ts';

/** Longer than any window in which wrong codes are counted. */
const WRONG_CODES_KEPT_HOURS = 48;

/**
 * Forgets one portion of what was counted and is asked by nobody any more: caps' counters of periods long over, days that no
 * look at a tier of the programme in force needs, wrong codes. `keptDays` are kept beyond that for what comes late; orders and
 * entries stay, so other tiers than these are counted anew from them. Returns how many rows went; 0 = nothing is left.
 */
export const forgetOldCounts = async (
  tx: Tx,
  now: Temporal.Instant,
  limits: { keptDays: number; maxRows: number },
  deps: { currentRules: CurrentRules },
): Promise<number> => {
  const { keptDays, maxRows } = limits;
  const { programme, tiers } = await deps.currentRules(tx);
  const nowMs = now.epochMilliseconds;
  const keptFrom = (date: Temporal.PlainDate): string => isoDate(addToDate(date, -keptDays, 'days'));
  const counters = await deleteOldCounters(tx, keptFrom(dayAt(zoneOf(programme), nowMs).date), maxRows);
  const codes = await deleteWrongCodes(tx, now.subtract({ hours: WRONG_CODES_KEPT_HOURS }).toString(), maxRows);
  if (!tiers) return counters + codes;
  const needed = daysNeededByAll(tiers, Math.min(nowMs, (await findOldestLook(tx)) ?? nowMs));
  const days = await deleteOldQualifications(tx, keptFrom(Temporal.PlainDate.from(needed)), maxRows);
  return counters + codes + days;
};
