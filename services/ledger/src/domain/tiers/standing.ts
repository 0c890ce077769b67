import { addToDate, dayAt } from '../calendar.ts';
import { amountAt, decisionAt, type Qualification } from './look.ts';
import type { TierState } from './state.ts';
import { placeOf, type TierLevel } from './structure.ts';
import { type WindowDays, windowOf } from './window.ts';

/** How a customer stands: what it has, what it needs for more, and what it needs to keep it. */
export interface Standing {
  level: TierLevel | null;
  /** What counts in the open window so far. */
  amount: number;
  window: WindowDays;
  /** The next level, and what is missing to it; null = it is the highest. */
  next: { level: TierLevel; missing: number } | null;
  /**
   * What is missing, in the deciding window, to keep the tier; from when it counts (null = it does now) and by when it must be
   * there; and until when the tier is had as things stand (null = for ever). Where the window begins after that is due, nothing
   * keeps it: it can only be reached again. null = it can't be lost.
   */
  keep: { missing: number; fromMs: number | null; dueMs: number; hasUntilMs: number | null } | null;
  /** Lost within the structure's days of risk, when what is to keep it is due, if nothing more is earned. */
  atRisk: boolean;
}

export const standingOf = (qualification: Qualification, state: TierState | undefined, nowMs: number): Standing => {
  const { structure, zone } = qualification;
  const today = dayAt(zone, nowMs).date;
  const amount = amountAt(qualification, nowMs);
  const place = state ? placeOf(structure, state.tier) : -1;
  const level = structure.levels[place] ?? null;
  const above = structure.levels[place + 1];
  const standing = {
    level,
    amount,
    window: windowOf(structure.window, zone, today),
    next: above ? { level: above, missing: Math.max(0, above.threshold - amount) } : null,
  };
  const untilMs = state?.validUntilMs ?? null;
  if (untilMs === null || level === null) return { ...standing, keep: null, atRisk: false };
  const decision = decisionAt(qualification, place, untilMs);
  const missing = Math.max(0, level.threshold - decision.amount);
  const riskFrom = addToDate(dayAt(zone, decision.graceUntilMs).date, -structure.atRiskDays, 'days');
  const atRisk = missing > 0 && Temporal.PlainDate.compare(today, riskFrom) >= 0;
  const keep = {
    missing,
    fromMs: decision.fromMs > nowMs ? decision.fromMs : null,
    dueMs: decision.graceUntilMs,
    hasUntilMs: missing > 0 ? (state?.graceUntilMs ?? untilMs) : decision.renewedUntilMs,
  };
  return { ...standing, keep, atRisk };
};
