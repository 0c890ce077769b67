import { emit, type Tx } from '@vafa/bus';
import { claimDueTiers, findTierStates } from '../store/tier-states.ts';
import type { CurrentRules } from './current-programme.ts';
import { lookAtTiers } from './look-at-tiers.ts';

/**
 * Looks at the tiers whose time has come; one portion. Returns how many customers it went through; 0 = nothing is due.
 */
export const lookAtDueTiers = async (
  tx: Tx,
  now: Temporal.Instant,
  maxCustomers: number,
  deps: { currentRules: CurrentRules },
): Promise<number> => {
  const { tiers } = await deps.currentRules(tx);
  if (!tiers) return 0;
  const customerIds = await claimDueTiers(tx, now.toString(), maxCustomers);
  if (customerIds.length === 0) return 0;
  // Read once more under the lock: somebody may have looked at them in between.
  const states = await findTierStates(tx, customerIds);
  await emit(tx, await lookAtTiers(tx, tiers, states, now));
  return customerIds.length;
};
