import { idFrom } from '@vafa/kernel';
import { type CalendarZone, dayAt, rememberPerDay } from '../domain/calendar.ts';
import type { Programme } from '../domain/programme.ts';
import { measureOf, type TierStructure } from '../domain/tiers/structure.ts';
import { isoDate, type WindowDays, windowOf } from '../domain/tiers/window.ts';

/** The tiers of a programme and what was prepared from them. */
export interface TierRules {
  structure: TierStructure;
  zone: CalendarZone;
  measure: string;
  /** Hash of everything that sums and tiers depend on: with another one, everybody is counted and looked at anew. */
  fingerprint: string;
  /** Day of an instant, as an ISO 8601 date. */
  dayOf: (ms: number) => string;
  windowAt: (ms: number) => WindowDays;
}

/** Prepares the tiers of a programme; undefined = it has none. */
export const createTierRules = (
  programme: Pick<Programme, 'tiers' | 'calendar' | 'timeZone'> | undefined,
): TierRules | undefined => {
  if (!programme?.tiers) return undefined;
  const { calendar = 'gregorian', timeZone, tiers: structure } = programme;
  const zone = { calendar, timeZone };
  const { levels, atRiskDays: _, ...rest } = structure;
  const counting = { ...rest, levels: levels.map(({ id, threshold }) => [id, threshold]) };
  return {
    structure,
    zone,
    measure: measureOf(structure),
    fingerprint: idFrom('tiers', JSON.stringify([zone, counting])),
    dayOf: rememberPerDay(zone, ({ date }) => isoDate(date)),
    windowAt: (ms) => windowOf(structure.window, zone, dayAt(zone, ms).date),
  };
};
