/** An amount in integer minor units of its currency (rial for IRR, cent for EUR): never a float. */
export interface Money {
  amountMinor: number;
  currency: string;
}

/** Currencies whose practical minor unit differs from ISO 4217: nobody counts hundredths of a rial. */
const PRACTICAL_DIGITS: Readonly<Record<string, number>> = { IRR: 0 };

const knownDigits = new Map<string, number>();

/** Digits after the decimal point of a currency's minor unit, e.g. 2 for EUR, 0 for IRR and JPY. */
export const minorDigits = (currency: string): number => {
  const known = knownDigits.get(currency);
  if (known !== undefined) return known;
  // Making a NumberFormat costs more than all the rest of reading an amount.
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = PRACTICAL_DIGITS[currency] ?? format.resolvedOptions().maximumFractionDigits ?? 2;
  knownDigits.set(currency, digits);
  return digits;
};

/**
 * Reads a decimal text such as "2.55" exactly into minor units, half away from zero beyond the currency's digits.
 * @throws RangeError when the text is no plain decimal number or too large for exact integers
 */
export const parseMinor = (text: string, currency: string): number => {
  const match = /^\s*([+-]?)(\d+)(?:\.(\d+))?\s*$/.exec(text);
  if (!match) throw new RangeError(`"${text}" is not a decimal number`);
  const digits = minorDigits(currency);
  const fraction = (match[3] ?? '').padEnd(digits + 1, '0');
  const kept = BigInt(`${match[2]}${fraction.slice(0, digits)}`);
  const rounded = Number(kept + (Number(fraction[digits]) >= 5 ? 1n : 0n));
  if (!Number.isSafeInteger(rounded)) throw new RangeError(`"${text}" is too large`);
  return match[1] === '-' && rounded !== 0 ? -rounded : rounded;
};

/** `floor(amount × numerator / denominator)` without losing precision on large amounts; arguments are integers. */
export const mulDivFloor = (amount: number, numerator: number, denominator: number): number => {
  const product = amount * numerator;
  if (Number.isSafeInteger(product)) return Math.floor(product / denominator);
  const exact = BigInt(amount) * BigInt(numerator);
  const divisor = BigInt(denominator);
  const quotient = exact / divisor;
  return Number(exact < 0n && exact % divisor !== 0n ? quotient - 1n : quotient);
};
