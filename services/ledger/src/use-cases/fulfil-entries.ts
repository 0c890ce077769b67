import type { Tx } from '@vafa/bus';
import type { NewPurchase } from '../domain/plan.ts';
import type { Rules } from './current-programme.ts';
import { findFulfilled } from './find-fulfilled.ts';

/**
 * Marks entries of new orders that await an interaction which was told before them. Returns the customers of those, whose accounts
 * are locked.
 */
export const fulfilEntries = async (
  tx: Tx,
  rules: Rules,
  purchases: readonly NewPurchase[],
  now: Temporal.Instant,
): Promise<string[]> => {
  const awaiting = purchases.flatMap(({ order, entries }) => {
    const { customerId, orderId, occurredAtMs: wonAtMs } = order;
    return entries
      .filter(({ terms }) => terms.awaits !== null)
      .map((entry) => ({
        ...{ entry, customerId, orderId, wonAtMs },
        ...{ ruleId: entry.award.ruleId, terms: entry.terms },
      }));
  });
  const found = await findFulfilled(tx, rules, awaiting, now);
  for (const [{ entry }, fulfilled] of found) entry.fulfilled = fulfilled;
  return [...found.keys()].map(({ customerId }) => customerId);
};
