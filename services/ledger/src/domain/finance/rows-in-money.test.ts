import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COLUMNS, EFFECT } from './movement.ts';
import { type Figures, noFigures } from './roll-forward.ts';
import { rowsInMoney } from './rows-in-money.ts';
import { inMoney, worthOf } from './value.ts';

const figures = (more: Partial<Figures>): Figures => ({ ...noFigures(), ...more });
const NAMES = Object.keys(noFigures()) as (keyof Figures)[];
const sumOf = (rows: readonly Figures[]): Figures => {
  const sum = noFigures();
  for (const row of rows) for (const name of NAMES) sum[name] += row[name];
  return sum;
};

test('three rows of a third each: the parts left over go to the largest remainders, then to the first', () => {
  const third = { minor: 1, perPoints: 3 };
  // 2.33 + 2.33 + 2.33 = 7, in place of 2 + 2 + 2.
  const sevens = [7, 7, 7].map((issued) => figures({ issued, closing: issued }));
  expect(rowsInMoney(sevens, third).map(({ closing }) => closing)).toEqual([3, 2, 2]);
  // 2.67 + 0.33 + 2 = 5: the larger remainder gets it.
  const mixed = [8, 1, 6].map((issued) => figures({ issued, closing: issued }));
  expect(rowsInMoney(mixed, third).map(({ closing }) => closing)).toEqual([3, 0, 2]);
  // What is owed is less than nothing: -1.67 + 2.67 = 1.
  const owed = [-5, 8].map((opening) => figures({ opening, closing: opening }));
  expect(rowsInMoney(owed, third).map(({ opening }) => opening)).toEqual([-2, 3]);
});

test('a row that does not move in a column is told nothing there, as far as sums allow', () => {
  const rows = [
    figures({ opening: 10, redeemed: 4, closing: 6 }),
    figures({ opening: 11, closing: 11 }),
    figures({ issued: 5, expired: 3, closing: 2 }),
  ];
  const told = rowsInMoney(rows, { minor: 1, perPoints: 4 });
  expect(told[1]).toEqual(figures({ opening: 3, closing: 3 }));
  expect(sumOf(told)).toEqual(inMoney(sumOf(rows), { minor: 1, perPoints: 4 }));
});

test('what a sum needs is told of rows that move, and of none after its last movement', () => {
  const third = { minor: 1, perPoints: 3 };
  // 8 + 7 points are 5, 8 are 3: the unit more that the 15 would have given goes to the row that moved.
  const still = [figures({ expired: 7, moved: 7 }), figures({ opening: 8, closing: 8 })];
  expect(rowsInMoney(still, third)).toEqual([figures({ expired: 3, moved: 3 }), figures({ opening: 3, closing: 3 })]);
  // 7 points are 1, 13 are 3: the unit goes where it stays, and is not moved from row to row once all has happened.
  const done = [figures({ opening: 7, closing: 7 }), figures({ issued: 6, closing: 6 })];
  expect(rowsInMoney(done, { minor: 1, perPoints: 5 })).toEqual([
    figures({ opening: 1, issued: 1, closing: 2 }),
    figures({ issued: 1, closing: 1 }),
  ]);
});

const points = fc.integer({ min: -50_000, max: 50_000 });
const row = fc
  .record(Object.fromEntries(['opening', ...COLUMNS].map((name) => [name, fc.oneof(fc.constant(0), points)])))
  .map((given): Figures => {
    const told = { ...noFigures(), ...given };
    return { ...told, closing: COLUMNS.reduce((sum, column) => sum + EFFECT[column] * told[column], told.opening) };
  });

test('rows add up, each by itself and all to the total; what is outstanding depends on nothing but the points', () => {
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 30, size: 'max' }),
      fc.record({ minor: fc.integer({ min: 1, max: 1_000 }), perPoints: fc.integer({ min: 1, max: 1_000 }) }),
      (rows, value) => {
        const told = rowsInMoney(rows, value);
        expect(sumOf(told)).toEqual(inMoney(sumOf(rows), value));
        told.forEach((money, i) => {
          const of = rows[i] as Figures;
          expect(COLUMNS.reduce((sum, column) => sum + EFFECT[column] * money[column], money.opening)).toBe(
            money.closing,
          );
          for (const name of NAMES) expect(Math.abs(money[name] - worthOf(of[name], value))).toBeLessThanOrEqual(2);
          if (of.closing === 0) expect(money.closing).toBe(0);
        });
        // The next month opens with what this one closed, also beside rows that are new.
        const next = [...rows.map(({ closing }) => figures({ opening: closing, closing })), figures({ issued: 3 })];
        expect(
          rowsInMoney(next, value)
            .slice(0, -1)
            .map(({ opening }) => opening),
        ).toEqual(told.map(({ closing }) => closing));
      },
    ),
  );
});

test('a single row is the total', () => {
  fc.assert(
    fc.property(row, fc.integer({ min: 1, max: 999 }), (only, perPoints) => {
      expect(rowsInMoney([only], { minor: 7, perPoints })).toEqual([inMoney(only, { minor: 7, perPoints })]);
    }),
  );
});
