import type { Refund } from './order.ts';
import type { Due } from './order-awards.ts';
import { BASE_RULE } from './programme.ts';
import type { References } from './transfer.ts';

/** Points of one of an order's entries that a refund would have taken, had no open reservation held them. */
export interface HeldDue extends Due {
  orderId: string;
}

/**
 * What a refund is still to take of points that were in the balance, but held. It ends with the reservations: what they give back
 * is taken, what they spend stays spent.
 */
export interface HeldClaim {
  refund: Pick<Refund, 'refundId' | 'customerId' | 'occurredAt'>;
  /** What is left to take; `taken` since. */
  dues: (HeldDue & { taken: number })[];
  /** The reservations that were open when it was made and are so still. */
  heldBy: Set<string>;
}

/** What is said of every transfer of one refund and entry. */
export interface Said extends References {
  refundId: string;
  orderId: string;
  ruleId?: string;
}

/** What is said of what a refund takes of an order's entry. */
export const saidOf = (refundId: string, orderId: string, { ruleId, earnId }: Due): Said => ({
  refundId,
  orderId,
  reversesId: earnId,
  ...(ruleId === BASE_RULE ? {} : { ruleId }),
});

/** What makes a transfer of a refund this one: the entry's rule too, where the order earned by several. */
export const keyOf = ({ refundId, orderId, ruleId }: Said, ...more: string[]): string[] => [
  refundId,
  orderId,
  ...(ruleId === undefined ? [] : [ruleId]),
  ...more,
];
