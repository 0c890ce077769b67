import { minorDigits } from '@vafa/kernel';

/** A decimal number as a scaled integer: 2.55 is 255 with scale 2. */
export interface Decimal {
  digits: bigint;
  scale: number;
}

const DECIMAL = /^([+-]?)(\d{1,12})(?:\.(\d{1,9}))?$/;

/** A decimal text read exactly; undefined when it is none. */
export const readDecimal = (text: string): Decimal | undefined => {
  const match = DECIMAL.exec(text.trim());
  if (!match) return undefined;
  const fraction = match[3] ?? '';
  return { digits: BigInt(`${match[1]}${match[2]}${fraction}`), scale: fraction.length };
};

/** Asking the engine for a currency's digits costs more than all the rest of a line. */
const digitsOf = new Map<string, number>();
const cachedMinorDigits = (currency: string): number => {
  const known = digitsOf.get(currency) ?? minorDigits(currency);
  digitsOf.set(currency, known);
  return known;
};

/** The most that the contracts allow for one amount. */
const MAX_AMOUNT = 1_000_000_000_000_000n;

/**
 * `quantity × unit price` in minor units, half away from zero; undefined when it is more than an event may carry.
 * Multiplied before it is rounded: a thousand of something at 0.001 is worth a unit, not nothing.
 */
export const lineAmountMinor = (unitPrice: Decimal, quantity: number, currency: string): number | undefined => {
  const product = unitPrice.digits * BigInt(quantity);
  const surplus = unitPrice.scale - cachedMinorDigits(currency);
  const amount = surplus <= 0 ? product * 10n ** BigInt(-surplus) : divideHalfAway(product, 10n ** BigInt(surplus));
  return amount > MAX_AMOUNT || amount < -MAX_AMOUNT ? undefined : Number(amount);
};

const divideHalfAway = (amount: bigint, divisor: bigint): bigint => {
  const half = amount < 0n ? -(divisor / 2n) : divisor / 2n;
  return (amount + half) / divisor;
};
