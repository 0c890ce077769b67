import type { PointValue } from '../points-payment.ts';
import { COLUMNS, EFFECT } from './movement.ts';
import { type Figures, noFigures } from './roll-forward.ts';
import { worthOf } from './value.ts';

type Value = Pick<PointValue, 'minor' | 'perPoints'>;

/** What is outstanding of a row: at the beginning of the month, after each column, at its end. */
const levelsOf = (row: Figures): number[] => {
  const levels = [row.opening];
  for (const column of COLUMNS) levels.push((levels.at(-1) as number) + EFFECT[column] * row[column]);
  return levels;
};

/**
 * The worth of all points, in whole minor units for each row: rounded down, and what is left over goes by one unit to the rows
 * with the largest remainders, of equal ones to the first. `wanted`: what rows should get before others, as far as the sum
 * allows it; null = by their remainder.
 */
const sharesOf = (points: readonly number[], value: Value, wanted: readonly (number | null)[] = []): number[] => {
  const [minor, perPoints] = [BigInt(value.minor), BigInt(value.perPoints)];
  const parts = points.map((each, i) => {
    const product = BigInt(each) * minor;
    const remainder = ((product % perPoints) + perPoints) % perPoints;
    const down = Number((product - remainder) / perPoints);
    const want = wanted[i] ?? null;
    return { i, down, remainder: Number(remainder), rank: want === null ? 1 : want > down ? 0 : 2 };
  });
  const all = points.reduce((sum, each) => sum + each, 0);
  const left = worthOf(all, value) - parts.reduce((sum, { down }) => sum + down, 0);
  const shares = parts.map(({ down }) => down);
  const uneven = parts.filter(({ remainder }) => remainder > 0);
  uneven.sort((a, b) => a.rank - b.rank || b.remainder - a.remainder || a.i - b.i);
  for (const { i, down } of uneven.slice(0, left)) shares[i] = down + 1;
  return shares;
};

/**
 * The rows of a month in money, so that they add up to the total in money (see `inMoney`), each figure by itself, and each row
 * in itself. What is outstanding at the beginning and at the end depends on the points of the rows alone, so months follow
 * each other in money, too. A row's figure is less than two minor units from its worth; where a row has no points in a column it
 * is 0 unless the sums need that unit.
 */
export const rowsInMoney = (rows: readonly Figures[], value: Value): Figures[] => {
  const levels = rows.map(levelsOf);
  const last = COLUMNS.length;
  const at = (level: number): number[] => levels.map((row) => row[level] as number);
  const closing = sharesOf(at(last), value);
  const shares = [sharesOf(at(0), value)];
  for (let level = 1; level < last; level++) {
    // Before its first movement a row keeps what it had, after its last one it has what it will have.
    const wanted = levels.map((row, i) => {
      const moved = row[level] !== row[level - 1];
      const moves = row.slice(level).some((points) => points !== row[level]);
      const hadMoved = moved || row.slice(0, level).some((points) => points !== row[0]);
      if (hadMoved && !moves) return closing[i] as number;
      return moved ? null : (shares[level - 1]?.[i] as number);
    });
    shares.push(sharesOf(at(level), value, wanted));
  }
  shares.push(closing);
  return rows.map((_, i) => {
    const money = noFigures(shares[0]?.[i]);
    COLUMNS.forEach((column, k) => {
      // Adding 0 keeps -0 out of the answers.
      money[column] = EFFECT[column] * ((shares[k + 1]?.[i] as number) - (shares[k]?.[i] as number)) + 0;
    });
    return { ...money, closing: closing[i] as number };
  });
};
