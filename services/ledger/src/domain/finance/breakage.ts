import { type CohortHistory, type Development, developedAt, developmentOf } from './development.ts';
import type { Month } from './months.ts';

/**
 * How many of the points that customers hold will never be spent. Formulas: chain ladder for months of issue with enough
 * spent points, else R. L. Bornhuetter, R. E. Ferguson, "The Actuary and IBNR", Proceedings of the Casualty Actuarial Society
 * 59 (1972), 181-195, with the level of H. Bühlmann and J. Stanard ("Cape Cod"): all in J. Friedland, "Estimating Unpaid
 * Claims Using Basic Techniques", CAS 2010, chapters 7, 9 and 10. Where too little is known no breakage is taken: a liability
 * is not made smaller by a guess (IFRS 15 B46).
 */

export interface Cohort extends CohortHistory {
  month: Month;
  /** Spent in the month that is not over yet. */
  redeemedSince: number;
  expired: number;
  /** What customers hold of it now: active, pending and reserved. */
  outstanding: number;
}

export interface CohortEstimate {
  month: Month;
  /** Whole months known since the month of issue; -1 = issued in the month that is not over yet. */
  ageMonths: number;
  redeemed: number;
  expired: number;
  outstanding: number;
  /** Share of what is ever spent of it that should be spent by now; null without a pattern. */
  developed: number | null;
  method: 'chain_ladder' | 'bornhuetter_ferguson' | 'all_redeemed';
  /** Of the outstanding points, those that will be spent. Whole, rounded up. */
  expectedRedeemed: number;
}

export interface BreakageEstimate {
  /** Why no breakage is taken; null when it is estimated. */
  noEstimate: 'too_few_months' | 'no_pattern' | 'nothing_redeemed' | null;
  development: Development | null;
  /** Share of issued points that is spent in the end (ultimate redemption rate), by Cape Cod; null without a pattern. */
  redemptionRate: number | null;
  cohorts: CohortEstimate[];
  outstanding: number;
  expectedRedeemed: number;
  /** 1 - expectedRedeemed ÷ outstanding; 0 when nothing is outstanding. */
  breakageRate: number;
}

/** A cohort's own spending tells its end from so many points on; below, that of all cohorts does. */
const MIN_OWN_REDEEMED = 1_000;

/** What floating point adds to a whole number of points at most. */
const ROUNDING = 1e-6;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Points of a cohort that were or may still be spent or expire: what was issued less what was taken back. */
const exposureOf = ({ redeemedByAge, redeemedSince, expired, outstanding }: Cohort): number =>
  sum(redeemedByAge) + redeemedSince + expired + outstanding;

/** Cape Cod: Σ spent so far ÷ Σ (issued × share developed). */
const redemptionRateOf = (cohorts: readonly Cohort[], development: Development): number | undefined => {
  const known = cohorts.filter(({ redeemedByAge }) => redeemedByAge.length > 0);
  const spent = sum(known.map(({ redeemedByAge }) => sum(redeemedByAge)));
  const used = sum(known.map((each) => exposureOf(each) * developedAt(development, each.redeemedByAge.length - 1)));
  return used > 0 && spent > 0 ? Math.min(1, spent / used) : undefined;
};

const estimateOf = (cohort: Cohort, development: Development | null, rate: number | null): CohortEstimate => {
  const { month, expired, redeemedSince, outstanding } = cohort;
  const ageMonths = cohort.redeemedByAge.length - 1;
  const atAge = sum(cohort.redeemedByAge);
  const told = { month, ageMonths, redeemed: atAge + redeemedSince, expired, outstanding };
  if (!development || rate === null)
    return { ...told, developed: null, method: 'all_redeemed', expectedRedeemed: outstanding };
  const developed = developedAt(development, ageMonths);
  const chain = atAge >= MIN_OWN_REDEEMED && developed > 0;
  const future = chain ? atAge / developed - atAge : exposureOf(cohort) * rate * (1 - developed);
  // What was spent since the last whole month is a part of that future.
  const expected = Math.ceil(Math.max(0, future - redeemedSince) - ROUNDING);
  return {
    ...told,
    developed,
    method: chain ? 'chain_ladder' : 'bornhuetter_ferguson',
    expectedRedeemed: Math.min(outstanding, expected),
  };
};

/** `expiresAfterMonths`: no point lives longer; null = not known, or points never expire. */
export const estimateBreakage = (cohorts: readonly Cohort[], expiresAfterMonths: number | null): BreakageEstimate => {
  const found = developmentOf(cohorts, expiresAfterMonths);
  const pattern = typeof found === 'string' ? null : found;
  const rate = pattern ? (redemptionRateOf(cohorts, pattern) ?? null) : null;
  const development = rate === null ? null : pattern;
  const estimates = cohorts.map((cohort) => estimateOf(cohort, development, rate));
  const outstanding = sum(estimates.map((each) => each.outstanding));
  const expectedRedeemed = sum(estimates.map((each) => each.expectedRedeemed));
  return {
    noEstimate: typeof found === 'string' ? found : rate === null ? 'nothing_redeemed' : null,
    development,
    redemptionRate: rate,
    cohorts: estimates,
    outstanding,
    expectedRedeemed,
    breakageRate: outstanding > 0 ? 1 - expectedRedeemed / outstanding : 0,
  };
};
