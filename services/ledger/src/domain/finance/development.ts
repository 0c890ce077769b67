/**
 * How points of one month of issue are spent as they grow older: the chain-ladder's development pattern. Formulas: T. Mack,
 * "Distribution-free Calculation of the Standard Error of Chain Ladder Reserve Estimates", ASTIN Bulletin 23 (1993), 213-225
 * (volume-weighted factors); the tail: R. E. Sherman, "Extrapolating, Smoothing, and Interpolating Development Factors",
 * Proceedings of the Casualty Actuarial Society 71 (1984), 122-155 (exponential decay of the factors' excess over 1).
 */

/** What is known of the points of one month of issue. */
export interface CohortHistory {
  /** Points spent in the month of issue and in each month after it, as far as whole months are known; none yet = empty. */
  redeemedByAge: readonly number[];
}

/** Growth of what was spent so far from one age (in months) to the next. */
export interface Factor {
  age: number;
  factor: number;
  /** Months of issue it rests on, and what they had spent at that age. */
  cohorts: number;
  redeemed: number;
}

export interface Development {
  /** Observed, from age 0 on without gaps. */
  factors: Factor[];
  /** How the factors beyond the observed ones come about. */
  tail: 'none' | 'exponential_decay';
  /** What is spent in the end ÷ what is spent at an age, for age 0, 1, 2 …; 1 beyond. */
  toUltimate: number[];
}

/** A factor rests on so many months of issue at least, and on so many points spent. */
const MIN_COHORTS_PER_FACTOR = 3;
const MIN_REDEEMED_PER_FACTOR = 1_000;
/** Fewer observed factors than this say nothing of how points are spent. */
export const MIN_FACTORS = 3;
/** Nothing is expected to be spent after so many months. */
const MAX_AGE_MONTHS = 120;
/** Excess over 1 that no longer counts. */
const NEGLIGIBLE = 1e-6;

const cumulated = ({ redeemedByAge }: CohortHistory): number[] => {
  let sum = 0;
  return redeemedByAge.map((points) => {
    sum += points;
    return sum;
  });
};

/**
 * Mack's estimator f_j = Σ C_i,j+1 ÷ Σ C_i,j over the cohorts i whose age j + 1 is known, where C_i,j is what cohort i had
 * spent at age j. Ends before the first age that too little is known of.
 */
const observedFactors = (cohorts: readonly CohortHistory[]): Factor[] => {
  const triangle = cohorts.map(cumulated);
  const factors: Factor[] = [];
  for (let age = 0; ; age++) {
    const known = triangle.filter((row) => row.length > age + 1);
    const before = known.reduce((sum, row) => sum + (row[age] as number), 0);
    const after = known.reduce((sum, row) => sum + (row[age + 1] as number), 0);
    if (known.length < MIN_COHORTS_PER_FACTOR || before < MIN_REDEEMED_PER_FACTOR) return factors;
    factors.push({ age, factor: Math.max(1, after / before), cohorts: known.length, redeemed: before });
  }
};

/**
 * Least squares of ln(f_j - 1) = a + b·j over the factors above 1: how the excess over 1 decays with age. Undefined when
 * there are too few of them, or when it does not decay.
 */
const decayOf = (factors: readonly Factor[]): ((age: number) => number) | undefined => {
  const points = factors.filter(({ factor }) => factor - 1 > NEGLIGIBLE);
  if (points.length < MIN_FACTORS) return undefined;
  const n = points.length;
  const logs = points.map(({ factor }) => Math.log(factor - 1));
  const meanAge = points.reduce((sum, { age }) => sum + age, 0) / n;
  const meanLog = logs.reduce((sum, log) => sum + log, 0) / n;
  const spread = points.reduce((sum, { age }) => sum + (age - meanAge) ** 2, 0);
  const slope = points.reduce((sum, { age }, i) => sum + (age - meanAge) * ((logs[i] as number) - meanLog), 0) / spread;
  if (slope >= 0) return undefined;
  return (age) => Math.exp(meanLog + slope * (age - meanAge));
};

/**
 * The pattern, or why there is none. `expiresAfterMonths`: no point lives longer; null = not known, or points never expire.
 */
export const developmentOf = (
  cohorts: readonly CohortHistory[],
  expiresAfterMonths: number | null,
): Development | 'too_few_months' | 'no_pattern' => {
  const factors = observedFactors(cohorts);
  if (factors.length < MIN_FACTORS) return 'too_few_months';
  const end = Math.min(expiresAfterMonths ?? MAX_AGE_MONTHS, MAX_AGE_MONTHS);
  const still = factors.slice(-MIN_FACTORS).every(({ factor }) => factor - 1 <= NEGLIGIBLE);
  const decay = factors.length >= end || still ? () => 0 : decayOf(factors);
  if (!decay) return 'no_pattern';
  const all = factors.map(({ factor }) => factor);
  for (let age = factors.length; age < end; age++) {
    const excess = decay(age);
    if (excess <= NEGLIGIBLE) break;
    all.push(1 + excess);
  }
  const toUltimate: number[] = [];
  let product = 1;
  for (const factor of all.toReversed()) {
    product *= factor;
    toUltimate.unshift(product);
  }
  return { factors, tail: all.length > factors.length ? 'exponential_decay' : 'none', toUltimate };
};

/** Share of what is ever spent that is spent at an age; before the first whole month (-1) nothing is. */
export const developedAt = ({ toUltimate }: Development, age: number): number =>
  age < 0 ? 0 : 1 / (toUltimate[age] ?? 1);
