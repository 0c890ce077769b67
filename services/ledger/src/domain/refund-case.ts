import type { AppError } from '@vafa/kernel';
import type { HeldDue } from './held-claims.ts';
import { type Match, type Matching, type Order, type Refund, refundNewest } from './order.ts';

/** What of a refund without a reference no order had so far, and until when orders that come may have it. */
export interface OpenRest {
  /** The refund of what is left. */
  rest: Refund;
  /** Milliseconds since 1970. */
  untilMs: number;
}

/** A refund on its way, and what came of it. */
export interface RefundCase {
  refund: Refund;
  traceparent?: string | undefined;
  /** waiting: its order is not known yet · void: its customer was erased · refused: `error` says why. */
  status: 'waiting' | 'applied' | 'refused' | 'void';
  note: string | null;
  error?: AppError;
  /** What this transaction matched; `unmatchedMinor` is what is left after all. */
  matching: Matching;
  /** What later orders may have of it; null = nothing, or it is closed. */
  open: OpenRest | null;
  /** Per match: points taken back, and points given back of those that had paid for the order. */
  pointsTaken: number[];
  pointsGivenBack: number[];
  /** What it is to take of points that reservations hold. */
  held: HeldDue[];
}

const NOTHING: Matching = { matches: [], matchedMinor: 0, unmatchedMinor: 0 };

export const newRefundCase = (refund: Refund, traceparent?: string): RefundCase => ({
  refund,
  traceparent,
  status: 'waiting',
  note: null,
  matching: NOTHING,
  open: null,
  pointsTaken: [],
  pointsGivenBack: [],
  held: [],
});

/** A refund that was applied before and is open still. */
export const openRefundCase = (refund: Refund, open: OpenRest, unmatchedMinor: number): RefundCase => ({
  ...newRefundCase(refund),
  status: 'applied',
  matching: { ...NOTHING, unmatchedMinor },
  open,
});

/**
 * Nothing is taken from nobody. Given the name that its order has of nobody, it is kept under that: under another one it would tell
 * whose the order was.
 */
export const voidRefund = (refundCase: RefundCase, nobody?: string): void => {
  refundCase.status = 'void';
  refundCase.note = 'customer_erased';
  if (nobody !== undefined) refundCase.refund = { ...refundCase.refund, customerId: nobody };
};

/**
 * Matches a refund that names no order, or what of it is open since, with these orders. What they don't have stays open, of a new
 * refund until `openUntilMs` (null = it is closed at once). What was matched before stays as it was. Returns what was matched now.
 */
export const matchNewest = (
  refundCase: RefundCase,
  candidates: readonly Order[],
  openUntilMs: number | null,
): readonly Match[] => {
  const { refund, open, matching: before } = refundCase;
  const { matches, matchedMinor, unmatchedMinor, rest } = refundNewest(candidates, open?.rest ?? refund);
  const untilMs = open ? open.untilMs : openUntilMs;
  refundCase.status = 'applied';
  refundCase.matching = {
    matches: [...before.matches, ...matches],
    matchedMinor: before.matchedMinor + matchedMinor,
    unmatchedMinor: open ? before.unmatchedMinor - matchedMinor : unmatchedMinor,
  };
  refundCase.open = rest === null || untilMs === null ? null : { rest, untilMs };
  return matches;
};
