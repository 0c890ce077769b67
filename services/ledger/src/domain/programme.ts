import { AppError, mulDivFloor } from '@vafa/kernel';

export const ROUNDINGS = ['floor', 'half_up', 'ceil'] as const;
export type Rounding = (typeof ROUNDINGS)[number];

/** allow_negative: what a refund can't take becomes a deficit · within_balance: it is let go. */
export const RETURN_POLICIES = ['allow_negative', 'within_balance'] as const;
export type ReturnPolicy = (typeof RETURN_POLICIES)[number];

/** `points` for every `perMinor` minor units of the currency. */
export interface Rate {
  currency: string;
  points: number;
  perMinor: number;
}

/** What a shop decided about earning and losing points. */
export interface Programme {
  name: string;
  rates: Rate[];
  /** Applied once, to the points of the order's total. */
  rounding: Rounding;
  /** Points expire at the end of the day this many days after the purchase; null = never. */
  expiresAfterDays: number | null;
  /** Customers are told this many days ahead; 0 = not. */
  expiringSoonDays: number;
  reservationTtlSeconds: number;
  returnPolicy: ReturnPolicy;
  /** IANA zone in which days end. */
  timeZone: string;
}

export interface ActiveProgramme extends Programme {
  version: number;
}

/** Points of an order, or why there are none. */
export interface Award {
  points: number;
  note: 'no_programme' | 'no_rate' | 'nothing_earned' | null;
}

/** Name of the one rule there is: the rate. */
export const BASE_RULE = 'base';

/** More than this can't be told exactly in JSON once a few are summed. */
const MAX_POINTS = 1_000_000_000_000_000;

const round = (amount: number, { points, perMinor }: Rate, rounding: Rounding): number => {
  if (rounding === 'floor') return mulDivFloor(amount, points, perMinor);
  if (rounding === 'ceil') return -mulDivFloor(-amount, points, perMinor);
  return Number((BigInt(amount) * BigInt(points) * 2n + BigInt(perMinor)) / (BigInt(perMinor) * 2n));
};

/**
 * The points a total earns at the programme's rate for its currency.
 * @throws AppError rejected `ledger.points_out_of_range` when the rate makes more of it than can be counted
 */
export const awardFor = (
  programme: Pick<Programme, 'rates' | 'rounding'> | undefined,
  currency: string,
  totalMinor: number,
): Award => {
  if (!programme) return { points: 0, note: 'no_programme' };
  const rate = programme.rates.find((each) => each.currency === currency);
  if (!rate) return { points: 0, note: 'no_rate' };
  const points = round(totalMinor, rate, programme.rounding);
  if (points > MAX_POINTS)
    throw new AppError(
      'rejected',
      'ledger.points_out_of_range',
      'the order would earn more points than can be counted',
    );
  return points > 0 ? { points, note: null } : { points: 0, note: 'nothing_earned' };
};
