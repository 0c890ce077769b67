import type { Tx } from '@vafa/bus';
import { capEntries } from '../domain/new-entries.ts';
import type { NewPurchase } from '../domain/plan.ts';
import { countersFor } from '../domain/rules/earned.ts';
import { saveAwards } from '../store/purchases.ts';
import { lockCounters, saveCounters } from '../store/rule-counters.ts';
import type { Rules } from './current-programme.ts';

/**
 * Applies the caps that count to new orders, in their order, and counts what they leave. The balances of their customers are
 * locked. Orders come here once for ever, so counters count each once.
 */
export const capOrders = async (tx: Tx, purchases: readonly NewPurchase[], { compiled }: Rules): Promise<void> => {
  const counting = purchases.filter(({ uncounted }) => uncounted !== undefined);
  if (counting.length === 0) return;
  const keys = counting.flatMap(({ order, uncounted }) =>
    uncounted ? countersFor(uncounted.counted, order.customerId, compiled.periodStartsAt(order.occurredAtMs)) : [],
  );
  const counters = await lockCounters(tx, keys);
  const cut = counting.filter((purchase) => capEntries(purchase, compiled, counters));
  await Promise.all([
    saveCounters(tx, [...counters.values()]),
    cut.length > 0
      ? saveAwards(
          tx,
          cut.map(({ order }) => order),
        )
      : undefined,
  ]);
};
