/** What a purchase is worth in the trial's programme: 1 point per 10,000 rial, and every amount is a multiple of that. */
export const MINOR_PER_POINT = 10_000;

/** What a point pays when an amount is paid with points. */
export const PAID_MINOR_PER_POINT = 5_000;

export interface Purchase {
  customerId: string;
  orderId: string;
  /** Rules give more for tea; coffee earns by the rate alone. */
  category: 'coffee' | 'tea';
  totalMinor: number;
  /** What was bought, where no other order has any of it; else as all orders of the category. */
  sku?: string;
  /** ISO 8601; the same whenever it is sent again. */
  occurredAt: string;
}

export interface Refund {
  customerId: string;
  refundId: string;
  orderId: string;
  /** Undefined: the whole order, or what is left of it. */
  amountMinor: number | undefined;
  /** Given where it does not name the order: the thing, which no other order has, and its money. */
  returned?: { sku: string; amountMinor: number };
  occurredAt: string;
}

export interface Interaction {
  customerId: string;
  eventId: string;
  occurredAt: string;
}

/** An order that was rated, which its points for that await. */
export interface Rating {
  customerId: string;
  orderId: string;
  /** It was told before the order was. */
  first: boolean;
}

/** Points that a captured reservation spent. */
export interface Capture {
  customerId: string;
  points: number;
}

/** A reward taken for points. */
export interface Claim {
  customerId: string;
  /** The shop's own name of it: asked again it is the same claim. */
  reference: string;
  claimId: string;
  rewardId: string;
  points: number;
  /** As codes are compared, without hyphens; null where the reward has none. */
  code: string | null;
  cancelled: boolean;
}

/** What became of a coupon that was used or held for an order. */
export interface Redemption {
  customerId: string;
  orderId: string;
  /** As codes are compared. */
  code: string;
  status: 'redeemed' | 'released';
}

/** A record on the purchases topic that nobody can read. */
export interface Poison {
  eventId: string;
  /** False: the bus gave no answer, so it may be there or not. */
  acknowledged: boolean;
}

/**
 * Everything that was answered with "taken", in the order of the answers: what the house owes. Written by the load, read
 * by the oracle; nothing here comes from the house's own tables.
 */
export interface Acknowledged {
  purchases: Purchase[];
  refunds: Refund[];
  interactions: Interaction[];
  ratings: Rating[];
  captures: Capture[];
  /** Captured too, but reserved and captured as an amount of money. */
  payments: Capture[];
  claims: Claim[];
  redemptions: Redemption[];
  /** Claims and redemptions that were asked for once more after their answer, and told the same. */
  askedTwice: number;
  poisons: Poison[];
  /** Purchases and refunds that were sent once more, by HTTP or straight onto the bus, and taken. */
  duplicates: number;
  /** Orders placed by customers whom messaging had already forgotten. */
  ordersAfterErasure: string[];
  erasedCustomers: string[];
  /** Answers that no deed of this load should get. */
  surprises: string[];
  /** Customers of deeds that were still without an answer when the load ended: nobody knows what they should have. */
  unanswered: string[];
  /** Answers to all requests, the repeated ones too, by status and code. */
  answers: Record<string, number>;
}

export const nothingYet = (): Acknowledged => ({
  purchases: [],
  refunds: [],
  interactions: [],
  ratings: [],
  captures: [],
  payments: [],
  claims: [],
  redemptions: [],
  askedTwice: 0,
  poisons: [],
  duplicates: 0,
  ordersAfterErasure: [],
  erasedCustomers: [],
  surprises: [],
  unanswered: [],
  answers: {},
});

export const purchaseBody = ({ customerId, orderId, category, totalMinor, sku, occurredAt }: Purchase): object => ({
  customerId,
  orderId,
  currency: 'IRR',
  totalMinor,
  lines: [{ sku: sku ?? `${category}-250`, category, quantity: 1, amountMinor: totalMinor }],
  occurredAt,
});

const scopeOf = ({ orderId, amountMinor, returned }: Refund): object => {
  if (returned) return { scope: 'lines', lines: [{ ...returned, quantity: 1 }] };
  return amountMinor === undefined ? { orderId, scope: 'whole' } : { orderId, scope: 'amount', amountMinor };
};

export const refundBody = (refund: Refund): object => {
  const { customerId, refundId, occurredAt } = refund;
  return { customerId, refundId, currency: 'IRR', ...scopeOf(refund), occurredAt };
};
