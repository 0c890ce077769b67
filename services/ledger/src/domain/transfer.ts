/**
 * Why points move. earn: a purchase · clawback: a refund takes back · redeem: a reservation was captured · expire: a lot ran
 * out · adjust: corrected by hand · transfer_out, transfer_in: to and from another customer · forfeit: lost with the erased
 * customer · write_off: a deficit nobody will pay off.
 */
export const TRANSFER_KINDS = [
  'earn',
  'clawback',
  'redeem',
  'expire',
  'adjust',
  'transfer_out',
  'transfer_in',
  'forfeit',
  'write_off',
] as const;
export type TransferKind = (typeof TRANSFER_KINDS)[number];

/** The house account on the other side, by kind; its partition is added, so that no account is everybody's. */
const HOUSE: Readonly<Record<TransferKind, string>> = {
  earn: 'issued',
  clawback: 'issued',
  redeem: 'redeemed',
  expire: 'expired',
  adjust: 'adjusted',
  transfer_out: 'moved',
  transfer_in: 'moved',
  forfeit: 'forfeited',
  write_off: 'forfeited',
};

/** The account of the transfer's own customer. */
export const CUSTOMER = 'customer';

/** Which door points came through: names the partition of the house account, e.g. `p7` for partition 7 of the purchases. */
export type Door = `p${number}` | `c${number}` | 'api' | 'clock';

export const houseAccount = (kind: TransferKind, door: Door): string => `${HOUSE[kind]}/${door}`;

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
  actor?: string;
  reason?: string;
  /** Trace of what caused it; goes on with the event, is not kept. */
  traceparent?: string;
}

/** One movement of points: `amount` goes from `debit` to `credit`, one of which is the customer's account. */
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
}

/** Points the customer gained (positive) or lost. */
export const signedPoints = ({ credit, amount }: Pick<Transfer, 'credit' | 'amount'>): number =>
  credit === CUSTOMER ? amount : -amount;
