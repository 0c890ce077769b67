import { emit, planAnew, type Tx } from '@vafa/bus';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { lockAccounts } from '../store/accounts.ts';
import { findFacts } from '../store/profiles.ts';
import { findDueTiers, findTierStates } from '../store/tier-states.ts';
import type { Rules } from './current-programme.ts';
import { lookAtTiers } from './look-at-tiers.ts';

/**
 * Looks at the tiers of these customers that are past their time, as if the sweep had just been by, so that what is booked next is
 * booked by the tier that is told. Mostly none is: then it is one read. Locks the accounts of the others, in the order of their ids.
 * Returns whether any was.
 * @throws AppError unavailable when one was merged at this moment
 */
export const settleTiers = async (
  tx: Tx,
  rules: Rules,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<boolean> => {
  if (!rules.tiers || customerIds.length === 0) return false;
  const due = await findDueTiers(tx, customerIds, now.toString());
  if (due.length === 0) return false;
  // What counts is looked up in lists: kept plans are not for that, see `keepPlans`.
  await planAnew(tx);
  await lockAccounts(tx, due);
  // Read under the lock: somebody may have looked at them in between.
  await emit(tx, await lookAtTiers(tx, rules.tiers, await findTierStates(tx, due), now));
  return true;
};

/**
 * What rules ask of these customers, by the tiers that they have at this moment (`settleTiers`). Of
 * whom nothing is known is left out, unless a level is free.
 * @throws AppError as `settleTiers` does
 */
export const findSettledFacts = async (
  tx: Tx,
  rules: Rules,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<ReadonlyMap<string, CustomerFacts>> => {
  if (customerIds.length === 0) return new Map();
  await settleTiers(tx, rules, customerIds, now);
  return findFacts(tx, customerIds, rules.programme?.tiers);
};
