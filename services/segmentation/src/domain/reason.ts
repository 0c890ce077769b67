import type { LifecycleState } from '@vafa/contracts';
import type { Buying } from './buying.ts';
import { silenceBrokenDays } from './lifecycle.ts';

/** What makes a state change. */
export type Cause =
  | { kind: 'silence'; days: number }
  | { kind: 'order' }
  | { kind: 'refund' }
  | { kind: 'settings' }
  | { kind: 'merge' };

/** Why a customer is in a state, as a sentence for people. */
export const reasonOf = (cause: Cause, to: LifecycleState, buying: Buying): string => {
  switch (cause.kind) {
    case 'silence':
      return `no order for ${cause.days} days`;
    case 'refund':
      return 'an order was refunded in full';
    case 'settings':
      return 'the lifecycle settings were changed';
    case 'merge':
      return 'merged with another record of the customer';
    case 'order':
      return orderReason(to, buying);
  }
};

const orderReason = (to: LifecycleState, buying: Buying): string => {
  if (to === 'new') return 'first order';
  if (to === 'won_back') return `ordered again after ${silenceBrokenDays(buying)} days without an order`;
  if (to === 'active' || to === 'loyal') return `ordered again, ${buying.orders} orders`;
  return 'an earlier order became known';
};
