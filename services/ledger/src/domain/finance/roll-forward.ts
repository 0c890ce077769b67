import type { Month } from './months.ts';
import { COLUMNS, type Column, EFFECT, type Movement, placeOf } from './movement.ts';

export const DIMENSIONS = ['wallet', 'tier', 'cohort'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/**
 * Points of one month. opening + issued - takenBack - redeemed - expired + adjusted - forfeited + moved = closing. What may
 * go both ways is signed: adjusted (corrections by hand) and moved (between customers, tiers and cohorts; 0 over all).
 */
export type Figures = Record<'opening' | Column | 'closing', number>;

/** By what a row is told apart; what was not asked for is left out. */
export type RowKey = Partial<Pick<Movement, Dimension>>;

export interface RollForwardRow extends RowKey {
  points: Figures;
}

export interface RollForwardMonth {
  month: Month;
  /** One per wallet, tier and cohort that had points or movements; those that were asked for. */
  rows: RollForwardRow[];
  total: Figures;
}

export const noFigures = (opening = 0): Figures => ({
  opening,
  issued: 0,
  takenBack: 0,
  redeemed: 0,
  expired: 0,
  adjusted: 0,
  forfeited: 0,
  moved: 0,
  closing: opening,
});

const add = (figures: Figures, column: Column, points: number): void => {
  figures[column] += points;
  figures.closing += EFFECT[column] * points;
};

const keyOf = (movement: Movement, by: readonly Dimension[]): RowKey =>
  Object.fromEntries(by.map((dimension) => [dimension, movement[dimension]]));

/** Rows with nothing in them are not told. */
const isNothing = (figures: Figures): boolean =>
  figures.opening === 0 && figures.closing === 0 && COLUMNS.every((column) => figures[column] === 0);

/** Order of rows: by wallet, tier and cohort; none comes first. */
const byKey = (a: RollForwardRow, b: RollForwardRow): number => {
  for (const dimension of DIMENSIONS) {
    const [left, right] = [a[dimension] ?? '', b[dimension] ?? ''];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
};

/**
 * The roll-forward of months that follow each other. Movements of earlier months are the opening of the first one; later
 * ones are left out.
 */
export const rollForward = (
  movements: readonly Movement[],
  months: readonly Month[],
  by: readonly Dimension[],
): RollForwardMonth[] => {
  const first = months[0] ?? '';
  const rows = new Map<string, { key: RowKey; opening: number; byMonth: Map<Month, Movement[]> }>();
  for (const movement of movements) {
    const key = keyOf(movement, by);
    const name = JSON.stringify(key);
    const row = rows.get(name) ?? { key, opening: 0, byMonth: new Map<Month, Movement[]>() };
    rows.set(name, row);
    const own = row.byMonth.get(movement.month);
    if (movement.month < first) row.opening += movement.points;
    else if (own) own.push(movement);
    else row.byMonth.set(movement.month, [movement]);
  }
  return months.map((month) => {
    const told: RollForwardRow[] = [];
    const total = noFigures();
    for (const row of rows.values()) {
      const points = noFigures(row.opening);
      for (const movement of row.byMonth.get(month) ?? []) {
        const place = placeOf(movement);
        add(points, place.column, place.points);
      }
      row.opening = points.closing;
      for (const name of Object.keys(total) as (keyof Figures)[]) total[name] += points[name];
      if (!isNothing(points)) told.push({ ...row.key, points });
    }
    return { month, rows: told.sort(byKey), total };
  });
};
