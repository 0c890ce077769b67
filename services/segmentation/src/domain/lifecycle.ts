import type { LifecycleState } from '@vafa/contracts';
import { millisBetween } from '@vafa/kernel';
import type { Buying } from './buying.ts';
import type { Thresholds } from './thresholds.ts';

const DAY_MS = 86_400_000;

/** Silence is counted in milliseconds, so a threshold is passed one millisecond after it was reached. */
const PASSED_MS = 1;

type Orders = Pick<Buying, 'orders' | 'previousOrderAt' | 'lastOrderAt'>;

/**
 * The state at an instant, which follows from the orders alone: nothing else need be remembered, so orders that come
 * late, refunds and merges can't leave a wrong state behind. A customer is won back when the last order broke a silence
 * that had made them dormant; it lasts until the next order or until they are silent again.
 */
export const stateAt = (buying: Orders, thresholds: Thresholds, at: Temporal.Instant): LifecycleState => {
  const { orders, lastOrderAt, previousOrderAt } = buying;
  if (orders === 0 || !lastOrderAt) return 'prospect';
  const silenceMs = millisBetween(lastOrderAt, at);
  if (silenceMs > thresholds.churnedAfterDays * DAY_MS) return 'churned';
  if (silenceMs > thresholds.dormantAfterDays * DAY_MS) return 'dormant';
  if (silenceMs > thresholds.atRiskAfterDays * DAY_MS) return 'at_risk';
  if (previousOrderAt && millisBetween(previousOrderAt, lastOrderAt) > thresholds.dormantAfterDays * DAY_MS)
    return 'won_back';
  if (orders >= thresholds.loyalOrders) return 'loyal';
  return orders === 1 ? 'new' : 'active';
};

/** What silence alone will bring. */
export interface NextTransition {
  to: LifecycleState;
  /** The first millisecond at which it is true. */
  at: Temporal.Instant;
  silentDays: number;
}

/** The next state that comes by time, if any: prospects and churned customers wait for an order. */
export const nextTransition = (
  state: LifecycleState,
  lastOrderAt: Temporal.Instant | undefined,
  thresholds: Thresholds,
): NextTransition | undefined => {
  if (!lastOrderAt || state === 'prospect' || state === 'churned') return undefined;
  const [to, silentDays]: [LifecycleState, number] =
    state === 'dormant'
      ? ['churned', thresholds.churnedAfterDays]
      : state === 'at_risk'
        ? ['dormant', thresholds.dormantAfterDays]
        : ['at_risk', thresholds.atRiskAfterDays];
  const atMs = lastOrderAt.epochMilliseconds + silentDays * DAY_MS + PASSED_MS;
  return { to, at: Temporal.Instant.fromEpochMilliseconds(atMs), silentDays };
};

/** Whole days without an order before the last one. */
export const silenceBrokenDays = ({ previousOrderAt, lastOrderAt }: Orders): number =>
  previousOrderAt && lastOrderAt ? Math.floor(millisBetween(previousOrderAt, lastOrderAt) / DAY_MS) : 0;
