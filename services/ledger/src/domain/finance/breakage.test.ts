import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Cohort, estimateBreakage } from './breakage.ts';
import { developmentOf } from './development.ts';

/** Of 10,000 points issued, so many are spent in the month of issue and in each month after it; then no more. */
const SPENT = [1_000, 2_000, 500, 250, 125, 0, 0];

const cohort = (month: string, redeemedByAge: number[], issued = 10_000, more: Partial<Cohort> = {}): Cohort => ({
  month,
  redeemedByAge,
  redeemedSince: 0,
  expired: 0,
  outstanding: issued - redeemedByAge.reduce((sum, points) => sum + points, 0),
  ...more,
});

/** Seven months of issue that were spent alike, the oldest seven months old, and the one that is under way. */
const CLUB = [
  ...SPENT.map((_, i) => cohort(`2026-0${i + 1}`, SPENT.slice(0, SPENT.length - i))),
  cohort('2026-08', [], 10_000),
];

test('golden: factors, shares and expected points as worked out by hand', () => {
  const estimate = estimateBreakage(CLUB, 4);
  // Cumulative 1000, 3000, 3500, 3750, 3875: factors 3, 7/6, 15/14, 31/30; an age that fewer than three months of issue have
  // reached makes no factor.
  expect(estimate.noEstimate).toBeNull();
  expect(estimate.development?.tail).toBe('none');
  expect(estimate.development?.factors).toEqual([
    { age: 0, factor: 3, cohorts: 6, redeemed: 6_000 },
    { age: 1, factor: 17_500 / 15_000, cohorts: 5, redeemed: 15_000 },
    { age: 2, factor: 15_000 / 14_000, cohorts: 4, redeemed: 14_000 },
    { age: 3, factor: 11_625 / 11_250, cohorts: 3, redeemed: 11_250 },
  ]);
  expect(estimate.redemptionRate).toBeCloseTo(0.3875, 12);
  // Every month of issue comes to 3,875 spent points in the end.
  expect(estimate.cohorts.map(({ redeemed, expectedRedeemed }) => redeemed + expectedRedeemed)).toEqual(
    CLUB.map(() => 3_875),
  );
  expect(estimate.cohorts.map(({ method }) => method)).toEqual([
    ...SPENT.map(() => 'chain_ladder'),
    'bornhuetter_ferguson',
  ]);
  const outstanding = 8 * 10_000 - (3 * 3_875 + 3_750 + 3_500 + 3_000 + 1_000);
  expect(estimate.outstanding).toBe(outstanding);
  expect(estimate.expectedRedeemed).toBe(125 + 375 + 875 + 2_875 + 3_875);
  expect(estimate.breakageRate).toBeCloseTo(1 - 8_125 / outstanding, 12);
});

test('a month of issue of which little was spent yet is judged by all, not by itself', () => {
  const young = cohort('2026-07', [10], 10_000);
  const estimate = estimateBreakage([...CLUB.filter(({ month }) => month !== '2026-07'), young], 4);
  const told = estimate.cohorts.find(({ month }) => month === '2026-07');
  // 10,000 × rate × (1 - 1000/3875): its own ten points would have made 39 of it.
  expect(told?.method).toBe('bornhuetter_ferguson');
  expect(told?.expectedRedeemed).toBeGreaterThan(2_000);
  expect(told?.expectedRedeemed).toBeLessThan(2_876);
});

test('what expired was issued, too: it makes the share that is spent no larger', () => {
  const lapsed = CLUB.map((each) => ({ ...each, expired: 2_000, outstanding: each.outstanding - 2_000 }));
  const estimate = estimateBreakage(lapsed, 4);
  expect(estimate.redemptionRate).toBeCloseTo(0.3875, 12);
  expect(estimate.cohorts.at(-1)).toMatchObject({ method: 'bornhuetter_ferguson', expectedRedeemed: 3_875 });
});

test('no more than all is ever spent, however early it was', () => {
  const hasty = CLUB.filter(({ redeemedByAge }) => redeemedByAge.length > 0).map((each) => ({
    ...each,
    outstanding: 0,
  }));
  expect(estimateBreakage(hasty, 4).redemptionRate).toBe(1);
});

test('what was spent in the month under way is no longer expected', () => {
  const since = CLUB.map((each) =>
    each.month === '2026-07' ? { ...each, redeemedSince: 700, outstanding: each.outstanding - 700 } : each,
  );
  const told = estimateBreakage(since, 4).cohorts.find(({ month }) => month === '2026-07');
  expect(told).toMatchObject({ redeemed: 1_700, outstanding: 8_300, expectedRedeemed: 2_175 });
});

test('never more is expected than is left', () => {
  const spent = cohort('2026-06', [1_000, 2_000], 3_100);
  const told = estimateBreakage([...CLUB.filter(({ month }) => month !== '2026-06'), spent], 4).cohorts.find(
    ({ month }) => month === '2026-06',
  );
  expect(told).toMatchObject({ outstanding: 100, expectedRedeemed: 100 });
});

test('beyond what is known the excess of the factors over 1 goes on to decay as it did', () => {
  // Factors 2, 1.5, 1.25, 1.125: the excess halves from month to month.
  const row = [1_024_000, 1_024_000, 1_024_000, 768_000, 480_000];
  const cohorts = [row, row, row, row.slice(0, 4), row.slice(0, 3)].map((redeemedByAge) => ({ redeemedByAge }));
  const found = developmentOf(cohorts, null);
  if (typeof found === 'string') throw new Error(found);
  expect(found.tail).toBe('exponential_decay');
  let beyond = 1;
  for (let age = 4; 0.5 ** age > 1e-6; age++) beyond *= 1 + 0.5 ** age;
  expect(found.toUltimate[0]).toBeCloseTo(2 * 1.5 * 1.25 * 1.125 * beyond, 6);
  // Points that live five months are not spent in the sixth.
  const short = developmentOf(cohorts, 5);
  if (typeof short === 'string') throw new Error(short);
  expect(short.toUltimate[0]).toBeCloseTo(2 * 1.5 * 1.25 * 1.125 * (1 + 0.5 ** 4), 9);
});

const factorsOf = (rows: number[][], expiresAfterMonths: number | null = null) => {
  const found = developmentOf(
    rows.map((redeemedByAge) => ({ redeemedByAge })),
    expiresAfterMonths,
  );
  return typeof found === 'string' ? found : found.factors.map(({ factor }) => factor);
};

test('a factor rests on 1,000 spent points at least', () => {
  const rows = [1, 2, 3].map(() => [333, 333, 333, 333]);
  expect(factorsOf(rows)).toBe('too_few_months');
  expect(factorsOf([[334, 333, 333, 333], ...rows.slice(1)])).toEqual([1_999 / 1_000, 2_998 / 1_999, 3_997 / 2_998]);
});

test('spent points that are given back later make no factor below 1', () => {
  expect(factorsOf([1, 2, 3].map(() => [1_000, 1_000, 500, 250, -100]))).toEqual([2, 1.25, 1.1, 1]);
});

test('once nothing more is spent for three months, nothing is expected to be', () => {
  const rows = [1, 2, 3].map(() => [4_000, 2_000, 1_000, 500, 250, 0, 0, 0]);
  const found = developmentOf(
    rows.map((redeemedByAge) => ({ redeemedByAge })),
    null,
  );
  expect(found).toMatchObject({ tail: 'none' });
  if (typeof found === 'string') throw new Error(found);
  expect(found.toUltimate).toHaveLength(7);
  expect(found.toUltimate[0]).toBeCloseTo(7_750 / 4_000, 12);
});

test.each([
  ['too few months of issue', CLUB.slice(-4), 'too_few_months'],
  [
    'too few points',
    SPENT.map((_, i) =>
      cohort(
        `2026-0${i + 1}`,
        SPENT.slice(0, SPENT.length - i).map((points) => points / 125),
        80,
      ),
    ),
    'too_few_months',
  ],
  [
    'nothing spent at all',
    SPENT.map((_, i) =>
      cohort(
        `2026-0${i + 1}`,
        SPENT.slice(i).map(() => 0),
      ),
    ),
    'too_few_months',
  ],
  [
    // Factors 2, 3, 4 …: what is spent grows ever faster, no end can be told.
    'no decay',
    Array.from({ length: 6 }, (_, i) =>
      cohort(`2026-0${i + 1}`, [1_000, 1_000, 4_000, 18_000, 96_000].slice(0, 6 - i), 1_000_000),
    ),
    'no_pattern',
  ],
] as const)('no breakage is taken: %s', (_, cohorts, why) => {
  const estimate = estimateBreakage(cohorts, null);
  expect(estimate).toMatchObject({ noEstimate: why, breakageRate: 0, redemptionRate: null });
  expect(estimate.expectedRedeemed).toBe(estimate.outstanding);
});

test('whatever the history: breakage is a share, and never more is expected than is left', () => {
  const history = fc.array(
    fc.record({
      spent: fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 12, size: 'max' }),
      redeemedSince: fc.integer({ min: 0, max: 5_000 }),
      expired: fc.integer({ min: 0, max: 5_000 }),
      outstanding: fc.integer({ min: 0, max: 100_000 }),
    }),
    { maxLength: 15, size: 'max' },
  );
  fc.assert(
    fc.property(history, fc.option(fc.integer({ min: 1, max: 40 }), { nil: null }), (drawn, expiresAfterMonths) => {
      const cohorts = drawn.map(({ spent, ...rest }, i) => ({
        ...rest,
        month: `20${10 + i}-01`,
        redeemedByAge: spent,
      }));
      const estimate = estimateBreakage(cohorts, expiresAfterMonths);
      expect(estimate.breakageRate).toBeGreaterThanOrEqual(0);
      expect(estimate.breakageRate).toBeLessThanOrEqual(1);
      for (const { expectedRedeemed, outstanding } of estimate.cohorts) {
        expect(Number.isInteger(expectedRedeemed)).toBe(true);
        expect(expectedRedeemed).toBeGreaterThanOrEqual(0);
        expect(expectedRedeemed).toBeLessThanOrEqual(outstanding);
      }
    }),
  );
});
