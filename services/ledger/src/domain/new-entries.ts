import type { Fulfilled } from './activate.ts';
import type { Order } from './order.ts';
import type { Award } from './rules/award.ts';
import { type Counter, count } from './rules/caps.ts';
import type { CompiledRules } from './rules/compile.ts';
import { type Counted, capEarned } from './rules/earned.ts';
import type { Terms } from './terms.ts';

/** An entry that an order is to make. */
export interface NewEntry {
  award: Award;
  /** Transfer and lot to be. */
  earnId: string;
  terms: Terms;
  /** Where it awaits an interaction: it was told before the order. */
  fulfilled?: Fulfilled;
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

/** What of a new order's points depends on counters, and how its awards become entries. */
export interface Uncounted {
  counted: Counted;
  entryOf: (award: Award) => NewEntry;
}

interface Capped {
  order: Order;
  entries: NewEntry[];
  uncounted?: Uncounted;
}

const isSame = (entries: readonly NewEntry[], awards: readonly Award[]): boolean =>
  entries.length === awards.length &&
  entries.every(({ award: { ruleId, points } }, i) => ruleId === awards[i]?.ruleId && points === awards[i].points);

/**
 * Applies the caps to what a new order earns; `counters` are counted on. Returns whether they changed anything.
 */
export const capEntries = (
  { order, entries, uncounted }: Capped,
  rules: CompiledRules,
  counters: Map<string, Counter>,
): boolean => {
  if (uncounted === undefined) return false;
  const starts = rules.periodStartsAt(order.occurredAtMs);
  const { awards, increments } = capEarned(uncounted.counted, order.customerId, starts, counters);
  count(counters, increments);
  if (isSame(entries, awards)) return false;
  entries.splice(0, entries.length, ...awards.map(uncounted.entryOf));
  setEntries(order, entries);
  return true;
};
