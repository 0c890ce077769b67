import { assert } from '@vafa/kernel';
import type { PointValue } from '../points-payment.ts';
import { COLUMNS, EFFECT } from './movement.ts';
import { type Figures, noFigures } from './roll-forward.ts';

type Value = Pick<PointValue, 'minor' | 'perPoints'>;

/** What points are worth in minor units, rounded half up. Negative points are worth negative money. */
export const worthOf = (points: number, { minor, perPoints }: Value): number => {
  const twice = BigInt(perPoints) * 2n;
  const product = BigInt(points) * BigInt(minor) * 2n + BigInt(perPoints);
  const quotient = product / twice;
  const worth = Number(product < 0n && product % twice !== 0n ? quotient - 1n : quotient);
  assert(Number.isSafeInteger(worth), 'the worth of points can be told exactly');
  return worth;
};

/**
 * A row in money. Each figure is the difference that it makes to the worth of what is outstanding, in the order of the
 * columns, so that the row adds up in money as it does in points; a figure is off by one minor unit at most.
 */
export const inMoney = (points: Figures, value: Value): Figures => {
  let outstanding = points.opening;
  const money = noFigures(worthOf(outstanding, value));
  for (const column of COLUMNS) {
    const next = outstanding + EFFECT[column] * points[column];
    // Adding 0 keeps -0 out of the answers.
    money[column] = EFFECT[column] * (worthOf(next, value) - worthOf(outstanding, value)) + 0;
    outstanding = next;
  }
  money.closing = worthOf(outstanding, value);
  return money;
};
