import type { Explanation } from './rules/explanation.ts';
import type { Terms } from './terms.ts';

/**
 * Why points move. earn: a purchase · activate: pending points become spendable · clawback: a refund takes back · redeem: a
 * reservation was captured · redeem_reversal: of what was spent, some is given back · expire: a lot ran out ·
 * expire_reversal: it had been refunded before it ran out · adjust: corrected by hand · transfer_out, transfer_in: to and
 * from another customer · forfeit: lost with the erased customer · write_off: a deficit nobody will pay off.
 */
export const TRANSFER_KINDS = [
  'earn',
  'activate',
  'clawback',
  'redeem',
  'redeem_reversal',
  'expire',
  'expire_reversal',
  'adjust',
  'transfer_out',
  'transfer_in',
  'forfeit',
  'write_off',
] as const;
export type TransferKind = (typeof TRANSFER_KINDS)[number];

/** The house account on the other side, by kind; its partition is added, so that no account is everybody's. */
const HOUSE: Readonly<Record<Exclude<TransferKind, 'activate'>, string>> = {
  earn: 'issued',
  clawback: 'issued',
  redeem: 'redeemed',
  redeem_reversal: 'redeemed',
  expire: 'expired',
  expire_reversal: 'expired',
  adjust: 'adjusted',
  transfer_out: 'moved',
  transfer_in: 'moved',
  forfeit: 'forfeited',
  write_off: 'forfeited',
};

/** The account of the transfer's own customer, and the one beside it for points that are not spendable yet. */
export const CUSTOMER = 'customer';
export const PENDING = 'pending';
export type CustomerAccount = typeof CUSTOMER | typeof PENDING;

/**
 * Which door points came through: names the partition of the house account, e.g. `p7` for partition 7 of the purchases, `c`
 * of the customers, `i` of the interactions, `s` of the segments.
 */
export type Door = `p${number}` | `c${number}` | `i${number}` | `s${number}` | 'api' | 'clock';

export const houseAccount = (kind: Exclude<TransferKind, 'activate'>, door: Door): string => `${HOUSE[kind]}/${door}`;

/** What a transfer refers to. */
export interface References {
  orderId?: string;
  refundId?: string;
  reservationId?: string;
  lotId?: string;
  reversesId?: string;
  pairId?: string;
  ruleId?: string;
  ruleVersion?: number;
  /** How rules came to the points. */
  explanation?: Explanation;
  actor?: string;
  reason?: string;
  /** Trace of what caused it; goes on with the event, is not kept. */
  traceparent?: string;
}

/**
 * One movement of points: `amount` goes from `debit` to `credit`. One of them is an account of the customer and the other
 * the house's; when points are activated both are the customer's.
 */
export interface Transfer extends References {
  id: string;
  customerId: string;
  seq: number;
  kind: TransferKind;
  debit: string;
  credit: string;
  amount: number;
  /** What the customer's account holds after it: active + reserved - deficit. */
  balanceAfter: number;
  /** ISO 8601. */
  occurredAt: string;
  /** Of a credit: from when to when its points could be spent when it was booked; goes on with the event, is not kept. */
  terms?: Terms;
}

/** Points that an account of the customer gained (positive) or lost. */
export const signedPoints = (
  { debit, credit, amount }: Pick<Transfer, 'debit' | 'credit' | 'amount'>,
  account: CustomerAccount = CUSTOMER,
): number => (credit === account ? amount : debit === account ? -amount : 0);
