import type { CalendarZone } from '../domain/calendar.ts';
import { expiryPolicyOf } from '../domain/expiry.ts';
import { mostMonthsOf } from '../domain/expiry-policy.ts';
import type { PointValue } from '../domain/points-payment.ts';
import { type ActiveProgramme, zoneOf } from '../domain/programme.ts';

/** What finance reads of a programme. */
export type ProgrammeForFinance = Pick<
  ActiveProgramme,
  'version' | 'timeZone' | 'calendar' | 'pointValues' | 'expiry' | 'expiresAfterDays' | 'activation' | 'rules'
>;

/** How the books are kept: months of which calendar and zone, what a point is worth. */
export interface Books {
  zone: CalendarZone;
  values: readonly PointValue[];
  programmeVersion: number | null;
  /** No point lives longer; null = not known, or points never expire. */
  expiresAfterMonths: number | null;
}

/** Not known where points wait before their life begins, or where rules say otherwise. */
const longestLife = (programme: ProgrammeForFinance | undefined): number | null => {
  if (!programme) return null;
  const { activation, rules = [] } = programme;
  const atOnce = activation === undefined || activation.kind === 'immediate';
  const alike = rules.every((rule) => rule.expiry === undefined && rule.activation === undefined);
  return atOnce && alike ? mostMonthsOf(expiryPolicyOf(programme)) : null;
};

export const booksOf = (programme: ProgrammeForFinance | undefined): Books => ({
  zone: zoneOf(programme),
  values: programme?.pointValues ?? [],
  programmeVersion: programme?.version ?? null,
  expiresAfterMonths: longestLife(programme),
});
