/** A trigger as a tally sees it. */
export interface TalliedTrigger {
  atMs: number;
  triggerKey: string;
}

/** How many triggers of one customer were only counted, and the latest of them: a row per customer, not per trigger. */
export interface Tally {
  count: number;
  lastAtMs: number;
  lastKey: string;
}

const isAfter = (trigger: TalliedTrigger, { lastAtMs, lastKey }: Tally): boolean =>
  trigger.atMs === lastAtMs ? trigger.triggerKey > lastKey : trigger.atMs > lastAtMs;

/**
 * Counts triggers that are later than all counted before: what is told again, as by a second run of an import, is not
 * counted again. A trigger that comes out of order after later ones is taken for told again.
 */
export const addToTally = (tally: Tally | undefined, triggers: readonly TalliedTrigger[]): Tally => {
  const sorted = triggers.toSorted((a, b) => a.atMs - b.atMs || (a.triggerKey < b.triggerKey ? -1 : 1));
  let sum = tally ?? { count: 0, lastAtMs: Number.NEGATIVE_INFINITY, lastKey: '' };
  for (const trigger of sorted)
    if (isAfter(trigger, sum)) sum = { count: sum.count + 1, lastAtMs: trigger.atMs, lastKey: trigger.triggerKey };
  return sum;
};
