import type { TransferKind } from '../transfer.ts';
import type { Month } from './months.ts';

/** The one wallet there is. */
export const WALLET = 'points';

/** Points that moved in one month of booking, added up over all that have the rest in common. */
export interface Movement {
  /** When the entries were recorded. */
  month: Month;
  wallet: string;
  /** Tier in which the points were earned; null = none. */
  tier: string | null;
  /** Month in which the points were issued; null = points that are owed: no lot holds them. */
  cohort: Month | null;
  kind: MovementKind;
  /** When it happened out there; only told of points that were spent. */
  happened: Month | null;
  /** Positive = customers gained. */
  points: number;
}

/**
 * offset: a credit paid off what was owed, so the points left their month of issue and what is owed became less. Points that
 * become spendable were a customer's before and after: nothing moves.
 */
export type MovementKind = Exclude<TransferKind, 'activate'> | 'offset';

/** In the order in which the roll-forward adds them up. */
export const COLUMNS = ['issued', 'takenBack', 'redeemed', 'expired', 'adjusted', 'forfeited', 'moved'] as const;
export type Column = (typeof COLUMNS)[number];

/** Whether a column adds to what is outstanding. */
export const EFFECT: Readonly<Record<Column, 1 | -1>> = {
  issued: 1,
  takenBack: -1,
  redeemed: -1,
  expired: -1,
  adjusted: 1,
  forfeited: -1,
  moved: 1,
};

const COLUMN_OF: Readonly<Record<MovementKind, Column>> = {
  earn: 'issued',
  clawback: 'takenBack',
  redeem: 'redeemed',
  redeem_reversal: 'redeemed',
  expire: 'expired',
  expire_reversal: 'expired',
  adjust: 'adjusted',
  forfeit: 'forfeited',
  write_off: 'forfeited',
  transfer_out: 'moved',
  transfer_in: 'moved',
  offset: 'moved',
};

/** The column of a movement, and its points as that column counts them. */
export const placeOf = ({ kind, points }: Pick<Movement, 'kind' | 'points'>): { column: Column; points: number } => {
  const column = COLUMN_OF[kind];
  return { column, points: EFFECT[column] * points };
};
