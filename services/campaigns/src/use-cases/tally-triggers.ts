import type { Tx } from '@vafa/bus';
import { addToTally, type TalliedTrigger } from '../domain/tally.ts';
import type { CountStep } from '../store/counts.ts';
import { lockTallies, type TallyKey, tallyKey, upsertTallies } from '../store/tallies.ts';

/** A trigger that gets no row of its own. */
export type Tallied = TallyKey & TalliedTrigger;

/** Adds triggers to their customers' tallies and returns what to count for the campaigns. */
export const tallyTriggers = async (tx: Tx, triggers: readonly Tallied[]): Promise<CountStep[]> => {
  if (triggers.length === 0) return [];
  const groups = [...Map.groupBy(triggers, tallyKey)].flatMap(([name, group]) => {
    const [first] = group;
    return first ? [{ name, key: first, group }] : [];
  });
  const known = await lockTallies(
    tx,
    groups.map(({ key }) => key),
  );
  const sums = groups.flatMap(({ name, key: { campaignId, customerId, outcome, reason }, group }) => {
    const before = known.get(name);
    const after = addToTally(before, group);
    const added = after.count - (before?.count ?? 0);
    return added > 0 ? [{ row: { campaignId, customerId, outcome, reason, ...after }, added }] : [];
  });
  await upsertTallies(
    tx,
    sums.map(({ row }) => row),
  );
  return sums.map(({ row: { campaignId, outcome, reason }, added }) => ({ campaignId, outcome, reason, by: added }));
};
