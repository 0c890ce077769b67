import type { Buying } from './buying.ts';
import { NOTHING_BOUGHT } from './buying.ts';
import type { Standing } from './standing.ts';

/** What is known of a customer. */
export interface Customer {
  customerId: string;
  buying: Buying;
  /** When the newest refund happened that names no order: older orders are still matched with it. */
  looseRefundAt: Temporal.Instant | undefined;
  standing: Standing;
}

/** Somebody we only just heard of. */
export const prospect = (customerId: string, since: Temporal.Instant, settingsVersion: number): Customer => ({
  customerId,
  buying: NOTHING_BOUGHT,
  looseRefundAt: undefined,
  standing: { state: 'prospect', since, reason: 'no order yet', asOf: undefined, settingsVersion },
});
