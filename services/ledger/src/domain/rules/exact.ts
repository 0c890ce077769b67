import { AppError } from '@vafa/kernel';
import type { Rounding } from '../programme.ts';

/** A fraction of integers, not negative: numbers while they are exact, `wide` in their place beyond 2^53. */
export interface Exact {
  n: number;
  d: number;
  wide: { n: bigint; d: bigint } | null;
}

/** `wide.n ÷ wide.d` in lowest terms, as numbers again where they fit. */
const narrow = (n: bigint, d: bigint): Exact => {
  let [a, b] = [n, d];
  while (b !== 0n) [a, b] = [b, a % b];
  const [reducedN, reducedD] = a === 0n ? [0n, 1n] : [n / a, d / a];
  const [small, smallD] = [Number(reducedN), Number(reducedD)];
  return Number.isSafeInteger(small) && Number.isSafeInteger(smallD)
    ? { n: small, d: smallD, wide: null }
    : { n: 0, d: 1, wide: { n: reducedN, d: reducedD } };
};

const wideOf = ({ n, d, wide }: Exact): { n: bigint; d: bigint } => wide ?? { n: BigInt(n), d: BigInt(d) };

/** amount × n ÷ d; all are safe integers, amount and n not negative, d positive. */
export const exactly = (amount: number, n: number, d: number): Exact => {
  const product = amount * n;
  return Number.isSafeInteger(product) ? { n: product, d, wide: null } : narrow(BigInt(amount) * BigInt(n), BigInt(d));
};

export const times = (value: Exact, n: number, d: number): Exact => {
  if (value.wide === null) {
    const top = value.n * n;
    const bottom = value.d * d;
    if (Number.isSafeInteger(top) && Number.isSafeInteger(bottom)) return { n: top, d: bottom, wide: null };
  }
  const wide = wideOf(value);
  return narrow(wide.n * BigInt(n), wide.d * BigInt(d));
};

export const plus = (a: Exact, b: Exact): Exact => {
  if (a.wide === null && b.wide === null && a.d === b.d && Number.isSafeInteger(a.n + b.n))
    return { n: a.n + b.n, d: a.d, wide: null };
  const [x, y] = [wideOf(a), wideOf(b)];
  return narrow(x.n * y.d + y.n * x.d, x.d * y.d);
};

export const product = (a: Exact, b: Exact): Exact => {
  if (b.wide === null) return times(a, b.n, b.d);
  const x = wideOf(a);
  return narrow(x.n * b.wide.n, x.d * b.wide.d);
};

/** a ÷ b, which is not nothing. */
export const quotient = (a: Exact, b: Exact): Exact => {
  const [x, y] = [wideOf(a), wideOf(b)];
  return narrow(x.n * y.d, x.d * y.n);
};

/** Most decimals that are told, and how many of a value that has no end. */
const DECIMALS = 6;
const ENDLESS_DECIMALS = 3;

const decimalsOf = (digits: string, ends: boolean): string => {
  const all = digits.padStart(ends ? DECIMALS : ENDLESS_DECIMALS, '0');
  return ends ? all.replace(/0+$/, '') : `${all}…`;
};

/** As people write it, "1.5" or "33.333…"; null when it is whole. */
export const exactText = ({ n, d, wide }: Exact): string | null => {
  if (wide === null) {
    const whole = Math.floor(n / d);
    const rest = n - whole * d;
    if (rest === 0) return null;
    const scaled = rest * 10 ** DECIMALS;
    if (Number.isSafeInteger(scaled)) {
      const ends = scaled % d === 0;
      const digits = Math.floor(ends ? scaled / d : (rest * 10 ** ENDLESS_DECIMALS) / d);
      return `${whole}.${decimalsOf(String(digits), ends)}`;
    }
  }
  const { n: up, d: down } = wide ?? { n: BigInt(n), d: BigInt(d) };
  const rest = up % down;
  if (rest === 0n) return null;
  const ends = (rest * 10n ** BigInt(DECIMALS)) % down === 0n;
  const digits = (rest * 10n ** BigInt(ends ? DECIMALS : ENDLESS_DECIMALS)) / down;
  return `${up / down}.${decimalsOf(String(digits), ends)}`;
};

export const isNothing = ({ n, wide }: Exact): boolean => (wide === null ? n === 0 : wide.n === 0n);

/** More than this can't be told exactly in JSON once a few are summed. */
const MAX_POINTS = 1_000_000_000_000_000;

const roundWide = (n: bigint, d: bigint, rounding: Rounding): number => {
  const down = n / d;
  const rest = n % d;
  const up = rounding === 'ceil' ? rest > 0n : rounding === 'half_up' && 2n * rest >= d;
  return Number(up ? down + 1n : down);
};

/**
 * Whole points of a fraction.
 * @throws AppError rejected `ledger.points_out_of_range` when it is more than can be counted
 */
export const roundPoints = ({ n, d, wide }: Exact, rounding: Rounding): number => {
  let points: number;
  if (wide !== null) points = roundWide(wide.n, wide.d, rounding);
  else {
    // Exact for safe integers: no quotient of two of them is close enough below an integer to be rounded up to it.
    const down = Math.floor(n / d);
    const rest = n - down * d;
    const up = rounding === 'ceil' ? rest > 0 : rounding === 'half_up' && rest >= d - rest;
    points = up ? down + 1 : down;
  }
  if (points > MAX_POINTS)
    throw new AppError('rejected', 'ledger.points_out_of_range', 'this would earn more points than can be counted');
  return points;
};
