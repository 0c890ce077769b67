import type { Order } from './order.ts';
import { type Counter, capAward, count } from './rules/caps.ts';
import type { CompiledRules } from './rules/compile.ts';
import type { Award } from './rules/evaluate.ts';
import type { Terms } from './terms.ts';

/** An entry that an order is to make. */
export interface NewEntry {
  award: Award;
  /** Transfer and lot to be. */
  earnId: string;
  terms: Terms;
}

/** Makes the fields of a new order say what it earns. */
export const setEntries = (order: Order, entries: readonly NewEntry[]): void => {
  let points = 0;
  let plain = true;
  for (const { award } of entries) {
    points += award.points;
    if (award.explanation !== null) plain = false;
  }
  order.pointsEarned = points;
  order.earnId = entries[0]?.earnId ?? null;
  // The rate alone needs no list: its entry is told by the fields above.
  if (!plain)
    order.awards = entries.map(({ award, earnId }) => ({
      ruleId: award.ruleId,
      earnId,
      points: award.points,
      due: 0,
      ...(award.basis === undefined ? {} : { basis: award.basis }),
    }));
  else if (order.awards) delete order.awards;
};

interface Capped {
  order: Order;
  entries: NewEntry[];
}

/** Does what the purchase earns depend on counters? */
export const needsCounters = ({ entries }: { entries: readonly NewEntry[] }): boolean =>
  entries.some(({ award }) => award.rule !== null && award.rule.counted.length > 0);

/**
 * Applies the caps to what new orders earn, in their order; `counters` are counted on. Returns whether anything was taken
 * off.
 */
export const capEntries = (
  { order, entries }: Capped,
  rules: CompiledRules,
  counters: Map<string, Counter>,
): boolean => {
  const starts = rules.periodStartsAt(order.occurredAtMs);
  let cut = false;
  const left = entries.flatMap((entry) => {
    const { award, increments } = capAward(entry.award, order.customerId, starts, counters);
    count(counters, increments);
    if (award !== entry.award) cut = true;
    return award === undefined ? [] : [{ ...entry, award }];
  });
  if (!cut) return false;
  entries.splice(0, entries.length, ...left);
  setEntries(order, entries);
  return true;
};
