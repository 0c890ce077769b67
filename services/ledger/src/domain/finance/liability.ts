import type { PointValue } from '../points-payment.ts';
import { type BreakageEstimate, type Cohort, estimateBreakage } from './breakage.ts';
import { type Month, monthsBetween } from './months.ts';
import { type Movement, placeOf } from './movement.ts';
import { worthOf } from './value.ts';

/** What outstanding points will cost, in one currency. Minor units. */
export interface Liability extends PointValue {
  /** If every outstanding point were spent. */
  grossMinor: number;
  /** outstanding × value × (1 - breakage). */
  liabilityMinor: number;
  /** What is taken as never to be spent. */
  breakageMinor: number;
}

export interface LiabilityReport {
  /** What customers hold: the lots' points, reserved and pending ones included. */
  outstanding: number;
  /** Owed by customers after refunds of spent points. No asset: it does not make the liability smaller. */
  owed: number;
  breakage: BreakageEstimate;
  liabilities: Liability[];
}

/** The life of each month of issue: what was spent of it at which age, what expired, what is left. Oldest first. */
export const cohortsOf = (movements: readonly Movement[], openMonth: Month): Cohort[] => {
  const byMonth = new Map<Month, Cohort & { redeemedByAge: number[] }>();
  for (const movement of movements) {
    const { cohort: month } = movement;
    if (month === null) continue;
    const ages = Math.max(0, monthsBetween(month, openMonth));
    const cohort = byMonth.get(month) ?? {
      month,
      redeemedByAge: Array.from({ length: ages }, () => 0),
      redeemedSince: 0,
      expired: 0,
      outstanding: 0,
    };
    byMonth.set(month, cohort);
    cohort.outstanding += movement.points;
    const { column, points } = placeOf(movement);
    if (column === 'expired') cohort.expired += points;
    if (column !== 'redeemed') continue;
    // Imported histories may say that points were spent before they were issued.
    const age = Math.max(0, monthsBetween(month, movement.happened ?? movement.month));
    if (age < ages) cohort.redeemedByAge[age] = (cohort.redeemedByAge[age] ?? 0) + points;
    else cohort.redeemedSince += points;
  }
  return [...byMonth.values()].sort((a, b) => (a.month < b.month ? -1 : 1));
};

/**
 * Liability = outstanding × value per point × (1 - breakage). `openMonth` is the one that is not over yet: curves are made
 * of whole months. Without values of points it is told in points alone.
 */
export const liabilityOf = (
  movements: readonly Movement[],
  openMonth: Month,
  values: readonly PointValue[],
  expiresAfterMonths: number | null,
): LiabilityReport => {
  const breakage = estimateBreakage(cohortsOf(movements, openMonth), expiresAfterMonths);
  const { outstanding, expectedRedeemed } = breakage;
  const held = movements.reduce((total, { points }) => total + points, 0);
  return {
    outstanding,
    owed: outstanding - held,
    breakage,
    liabilities: values.map((value) => {
      const [grossMinor, liabilityMinor] = [worthOf(outstanding, value), worthOf(expectedRedeemed, value)];
      return { ...value, grossMinor, liabilityMinor, breakageMinor: grossMinor - liabilityMinor };
    }),
  };
};
