import { emit, type Tx } from '@vafa/bus';
import { betterTier } from '../domain/tiers/better-tier.ts';
import { isDue, type TierState } from '../domain/tiers/state.ts';
import { moveQualifications, recountQualifications } from '../store/qualifications.ts';
import { findTierRecount } from '../store/tier-recounts.ts';
import { findTierStates, forgetTierState, saveTierStates } from '../store/tier-states.ts';
import { lookAtTiers } from './look-at-tiers.ts';
import type { TierRules } from './tier-rules.ts';

/**
 * The tiers of both as they are now: what has fallen due is looked at by what each of them did, as if the sweep had been by
 * just before.
 */
const settledStates = async (
  tx: Tx,
  rules: TierRules | undefined,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<Map<string, TierState>> => {
  const states = await findTierStates(tx, customerIds);
  const due = new Map([...states].filter(([, state]) => isDue(state, now.epochMilliseconds)));
  if (!rules || due.size === 0) return states;
  await emit(tx, await lookAtTiers(tx, rules, due, now));
  return findTierStates(tx, customerIds);
};

/**
 * While everybody is counted anew, the one may be counted already and the other not: nobody would come back for what the other did.
 */
const recountJoint = async (tx: Tx, { structure, measure, zone }: TierRules, customerId: string): Promise<void> => {
  const recount = await findTierRecount(tx);
  if (recount === undefined || recount.done) return;
  await recountQualifications(tx, structure.metric, measure, zone.timeZone, [customerId]);
};

/**
 * Makes the qualification of two merged customers one; the one that lives on has the better of their tiers (of the same
 * tier the one that lasts longer), or what both together are enough for. The caller holds the locks of both balance rows, and
 * has given the orders of the one to the other and noted that they are one.
 */
export const joinTiers = async (
  tx: Tx,
  rules: TierRules | undefined,
  { from, into }: { from: string; into: string },
  now: Temporal.Instant,
): Promise<void> => {
  const states = await settledStates(tx, rules, [from, into], now);
  await moveQualifications(tx, from, into);
  const kept = states.get(into);
  const better = betterTier(rules?.structure, states.get(from), kept);
  await forgetTierState(tx, from);
  if (!rules) {
    // Without tiers nothing is looked at; what was had before is kept for when there are some again.
    if (better) await saveTierStates(tx, [{ customerId: into, state: better }]);
    return;
  }
  await recountJoint(tx, rules, into);
  const given = better ? new Map([[into, better]]) : undefined;
  await emit(tx, await lookAtTiers(tx, rules, new Map([[into, kept]]), now, given && { given }));
};
