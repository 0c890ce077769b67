import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COLUMNS, EFFECT, type Movement, type MovementKind } from './movement.ts';
import { type Figures, noFigures, rollForward } from './roll-forward.ts';
import { inMoney, worthOf } from './value.ts';

const moved = (month: string, kind: MovementKind, points: number, more: Partial<Movement> = {}): Movement => ({
  month,
  wallet: 'points',
  tier: null,
  cohort: month,
  kind,
  happened: kind === 'redeem' ? month : null,
  points,
  ...more,
});

/** Three months of a small club: earned, spent, taken back below zero, paid off, expired, corrected, given, erased. */
const HISTORY: Movement[] = [
  moved('1405-06', 'earn', 1_000),
  moved('1405-06', 'redeem', -300),
  moved('1405-07', 'earn', 500),
  moved('1405-07', 'redeem', -200, { cohort: '1405-06' }),
  moved('1405-07', 'clawback', -400, { cohort: '1405-06' }),
  // A refund of what was spent already: owed, and paid off by what was earned in Mehr.
  moved('1405-07', 'clawback', -50, { cohort: null }),
  moved('1405-07', 'offset', -50),
  moved('1405-07', 'offset', 50, { cohort: null }),
  moved('1405-07', 'adjust', 30),
  moved('1405-07', 'transfer_out', -20),
  moved('1405-07', 'transfer_in', 20),
  moved('1405-08', 'adjust', -10, { cohort: '1405-07' }),
  moved('1405-08', 'expire', -100, { cohort: '1405-06' }),
  moved('1405-08', 'forfeit', -70, { cohort: '1405-07' }),
  moved('1405-08', 'write_off', 5, { cohort: null }),
];

const figures = (more: Partial<Figures>): Figures => ({ ...noFigures(), ...more });

test('opening + issued - taken back - redeemed - expired ± adjusted - forfeited + moved = closing, month by month', () => {
  const months = rollForward(HISTORY, ['1405-06', '1405-07', '1405-08'], []);
  expect(months.map(({ month, total }) => [month, total])).toEqual([
    ['1405-06', figures({ issued: 1_000, redeemed: 300, closing: 700 })],
    ['1405-07', figures({ opening: 700, issued: 500, takenBack: 450, redeemed: 200, adjusted: 30, closing: 580 })],
    ['1405-08', figures({ opening: 580, expired: 100, adjusted: -10, forfeited: 65, closing: 405 })],
  ]);
  expect(months.map(({ rows, total }) => rows.every(({ points }) => points.closing === total.closing))).toEqual([
    true,
    true,
    true,
  ]);
});

test('by month of issue: each goes down to what its lots hold; what is owed stands apart', () => {
  const [, mehr, aban] = rollForward(HISTORY, ['1405-06', '1405-07', '1405-08'], ['cohort']);
  expect(mehr?.rows).toEqual([
    { cohort: null, points: figures({ takenBack: 50, moved: 50 }) },
    { cohort: '1405-06', points: figures({ opening: 700, takenBack: 400, redeemed: 200, closing: 100 }) },
    { cohort: '1405-07', points: figures({ issued: 500, adjusted: 30, moved: -50, closing: 480 }) },
  ]);
  expect(aban?.rows).toEqual([
    { cohort: null, points: figures({ forfeited: -5, closing: 5 }) },
    { cohort: '1405-06', points: figures({ opening: 100, expired: 100 }) },
    { cohort: '1405-07', points: figures({ opening: 480, adjusted: -10, forfeited: 70, closing: 400 }) },
  ]);
});

test('what is used up is told in the month in which it was, and no more', () => {
  const [before, , after] = rollForward(HISTORY, ['1405-08', '1405-09', '1405-10'], ['cohort']);
  expect(before?.rows.map(({ cohort }) => cohort)).toEqual([null, '1405-06', '1405-07']);
  expect(after?.rows).toEqual([
    { cohort: null, points: figures({ opening: 5, closing: 5 }) },
    { cohort: '1405-07', points: figures({ opening: 400, closing: 400 }) },
  ]);
});

test('what came before is the opening; what came later is left out; a quiet month is told', () => {
  const months = rollForward(HISTORY, ['1405-07'], []);
  expect(months[0]?.total).toMatchObject({ opening: 700, closing: 580 });
  expect(rollForward(HISTORY, ['1405-09'], [])[0]?.total).toEqual(figures({ opening: 405, closing: 405 }));
  expect(rollForward([], ['1405-09'], ['cohort'])).toEqual([{ month: '1405-09', rows: [], total: noFigures() }]);
});

test.each([
  [1, { minor: 1, perPoints: 3 }, 0],
  [2, { minor: 1, perPoints: 3 }, 1],
  [5, { minor: 1, perPoints: 2 }, 3],
  [-5, { minor: 1, perPoints: 2 }, -2],
  [-6, { minor: 1, perPoints: 2 }, -3],
  [123_456_789_012, { minor: 12_345, perPoints: 1 }, 1_524_074_060_353_140],
])('%d points at %o are worth %d', (points, value, worth) => expect(worthOf(points, value)).toBe(worth));

test('money of a row: rounded, and yet it adds up', () => {
  const row = figures({ opening: 10, issued: 5, redeemed: 7, closing: 8 });
  // 10/3 = 3.33, 15/3 = 5, 8/3 = 2.67
  expect(inMoney(row, { minor: 1, perPoints: 3 })).toEqual(figures({ opening: 3, issued: 2, redeemed: 2, closing: 3 }));
});

const kind = fc.constantFrom<MovementKind>(
  'earn',
  'clawback',
  'redeem',
  'expire',
  'adjust',
  'forfeit',
  'write_off',
  'transfer_in',
  'transfer_out',
  'offset',
);
const month = fc.constantFrom('2026-01', '2026-02', '2026-03', '2026-04');
const movement = fc.record({
  month,
  wallet: fc.constant('points'),
  tier: fc.constantFrom(null, 'gold'),
  cohort: fc.option(month, { nil: null }),
  kind,
  happened: fc.constant(null),
  points: fc.integer({ min: -10_000, max: 10_000 }),
});
const sumOf = ({ opening, ...rest }: Figures): number =>
  COLUMNS.reduce((sum, column) => sum + EFFECT[column] * rest[column], opening);

test('every row adds up, in points and in money; months follow each other; rows add up to the whole', () => {
  fc.assert(
    fc.property(
      fc.array(movement, { maxLength: 40, size: 'max' }),
      fc.record({ minor: fc.integer({ min: 1, max: 1_000 }), perPoints: fc.integer({ min: 1, max: 1_000 }) }),
      (movements, value) => {
        const months = ['2026-01', '2026-02', '2026-03', '2026-04'];
        const told = rollForward(movements, months, ['tier', 'cohort']);
        const all = movements.reduce((sum, { points }) => sum + points, 0);
        expect(told.at(-1)?.total.closing).toBe(all);
        told.forEach(({ rows, total }, i) => {
          expect(total.opening).toBe(told[i - 1]?.total.closing ?? 0);
          for (const { points } of rows) {
            expect(sumOf(points)).toBe(points.closing);
            const money = inMoney(points, value);
            expect(sumOf(money)).toBe(money.closing);
            expect(money.closing).toBe(worthOf(points.closing, value));
          }
          expect(rows.reduce((sum, { points }) => sum + points.closing, 0)).toBe(total.closing);
        });
      },
    ),
  );
});
