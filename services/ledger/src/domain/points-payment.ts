import { AppError, mulDivFloor } from '@vafa/kernel';

/** What points are worth when money is owed: `perPoints` points stand for `minor` minor units of the currency. */
export interface PointValue {
  currency: string;
  minor: number;
  perPoints: number;
}

/** What paying an amount with points takes, and how far a balance goes. */
export interface PaymentQuote {
  /** Points that pay the whole amount. */
  points: number;
  /** The most of the amount that the balance pays, and the points that takes. */
  payableMinor: number;
  payablePoints: number;
}

/** @throws AppError rejected `ledger.no_point_value` */
export const valueIn = (values: readonly PointValue[] | undefined, currency: string): PointValue => {
  const found = values?.find((each) => each.currency === currency);
  if (!found)
    throw new AppError('rejected', 'ledger.no_point_value', 'the programme says no value of points in this currency', {
      currency,
    });
  return found;
};

/** Points an amount costs: `⌈minor × perPoints ÷ value⌉`. Rounded up, so that they are worth the amount or more. */
export const pointsFor = (amountMinor: number, value: Pick<PointValue, 'minor' | 'perPoints'>): number =>
  0 - mulDivFloor(-amountMinor, value.perPoints, value.minor);

/** Money that points pay for: `⌊points × value ÷ perPoints⌋`. Rounded down, so that no money comes of nothing. */
export const moneyFor = (points: number, value: Pick<PointValue, 'minor' | 'perPoints'>): number =>
  mulDivFloor(points, value.minor, value.perPoints);

/** Both ways at once: the price of the amount, and how far the balance goes. */
export const quotePayment = (amountMinor: number, activePoints: number, value: PointValue): PaymentQuote => {
  const payableMinor = Math.min(amountMinor, moneyFor(activePoints, value));
  return { points: pointsFor(amountMinor, value), payableMinor, payablePoints: pointsFor(payableMinor, value) };
};
