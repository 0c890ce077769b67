import { expect, test } from 'vitest';
import { cohortsOf, liabilityOf } from './liability.ts';
import { monthNumber, monthOfNumber } from './months.ts';
import type { Movement, MovementKind } from './movement.ts';

const moved = (
  kind: MovementKind,
  points: number,
  cohort: string | null,
  month: string,
  happened: string | null = null,
): Movement => ({ month, wallet: 'points', tier: null, cohort, kind, happened, points });

const later = (month: string, months: number): string => monthOfNumber(monthNumber(month) + months);

test('the life of a month of issue: age counts from issue to spending, whenever it was recorded', () => {
  const movements = [
    moved('earn', 1_000, '1404-11', '1404-11'),
    moved('redeem', -100, '1404-11', '1404-11', '1404-11'),
    // Spent in Esfand, recorded in Farvardin.
    moved('redeem', -50, '1404-11', '1405-01', '1404-12'),
    moved('redeem', -25, '1404-11', '1405-02', '1405-02'),
    moved('expire', -200, '1404-11', '1405-02'),
    moved('clawback', -30, '1404-11', '1405-02'),
    moved('clawback', -40, null, '1405-02'),
    // Told to be spent before it was issued.
    moved('earn', 70, '1405-01', '1405-01'),
    moved('redeem', -7, '1405-01', '1405-01', '1404-12'),
  ];
  expect(cohortsOf(movements, '1405-02')).toEqual([
    {
      month: '1404-11',
      redeemedByAge: [100, 50, 0],
      redeemedSince: 25,
      expired: 200,
      outstanding: 1_000 - 175 - 200 - 30,
    },
    { month: '1405-01', redeemedByAge: [7], redeemedSince: 0, expired: 0, outstanding: 63 },
  ]);
  const report = liabilityOf(movements, '1405-02', [{ currency: 'IRR', minor: 2_500, perPoints: 10 }], 12);
  expect(report).toMatchObject({ outstanding: 658, owed: 40 });
  // Too little is known: no breakage.
  expect(report.liabilities).toEqual([
    {
      currency: 'IRR',
      minor: 2_500,
      perPoints: 10,
      grossMinor: 164_500,
      liabilityMinor: 164_500,
      breakageMinor: 0,
    },
  ]);
});

test('golden: outstanding × value × (1 - breakage), in every currency', () => {
  const spent = [1_000, 2_000, 500, 250, 125];
  const open = '1405-08';
  const movements = Array.from({ length: 8 }, (_, i) => later(open, -i)).flatMap((cohort, age) => [
    moved('earn', 10_000, cohort, cohort),
    ...spent
      .slice(0, age)
      .map((points, month) => moved('redeem', -points, cohort, later(cohort, month), later(cohort, month))),
  ]);
  const report = liabilityOf(
    movements,
    open,
    [
      { currency: 'IRR', minor: 2_500, perPoints: 10 },
      { currency: 'EUR', minor: 1, perPoints: 100 },
    ],
    3,
  );
  expect(report.breakage.expectedRedeemed).toBe(8_125);
  expect(report.outstanding).toBe(57_125);
  expect(report.liabilities).toMatchObject([
    { currency: 'IRR', grossMinor: 14_281_250, liabilityMinor: 2_031_250, breakageMinor: 12_250_000 },
    { currency: 'EUR', grossMinor: 571, liabilityMinor: 81, breakageMinor: 490 },
  ]);
});

test('nothing outstanding: nothing owed to anybody', () => {
  const report = liabilityOf([], '2026-11', [{ currency: 'EUR', minor: 1, perPoints: 1 }], null);
  expect(report).toMatchObject({ outstanding: 0, owed: 0, breakage: { breakageRate: 0 } });
  expect(report.liabilities).toMatchObject([{ grossMinor: 0, liabilityMinor: 0 }]);
});
