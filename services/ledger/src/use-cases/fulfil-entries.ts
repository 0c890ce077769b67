import type { Tx } from '@vafa/bus';
import type { NewPurchase } from '../domain/plan.ts';
import type { Rules } from './current-programme.ts';
import { findFulfilled } from './find-fulfilled.ts';

/**
 * Marks entries of new orders that await an interaction which was told before them. Returns the customers of those, whose accounts
 * are locked.
 */
export const fulfilEntries = async (tx: Tx, rules: Rules, purchases: readonly NewPurchase[]): Promise<string[]> => {
  const awaiting = purchases.flatMap(({ order, entries }) => {
    const { customerId, orderId, occurredAtMs: wonAtMs } = order;
    return entries.flatMap((entry) =>
      entry.terms.awaits === null ? [] : [{ entry, terms: entry.terms, customerId, orderId, wonAtMs }],
    );
  });
  const found = await findFulfilled(tx, rules, awaiting);
  for (const [{ entry }, fulfilled] of found) entry.fulfilled = fulfilled;
  return [...found.keys()].map(({ customerId }) => customerId);
};
