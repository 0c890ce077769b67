import type { LifecycleState, OrderLine } from '@vafa/contracts';
import type { AttributeValue } from './rule.ts';

/** What rules may look at in an order; the payload of `purchase.completed` is one. */
export interface OrderFacts {
  currency: string;
  totalMinor: number;
  store?: string | undefined;
  channel?: string | undefined;
  lines: readonly OrderLine[];
}

/** What rules may look at in what happened. */
export interface EventFacts {
  /** When it happened, milliseconds since 1970. */
  atMs: number;
  order?: OrderFacts;
  /** Of an interaction. */
  attributes?: Readonly<Record<string, AttributeValue>> | undefined;
}

/** What rules may look at in a customer, as it is known when the event is booked. */
export interface CustomerFacts {
  tier: string | null;
  segments: readonly string[];
  lifecycle: LifecycleState | null;
  attributes: Readonly<Record<string, AttributeValue>>;
}
