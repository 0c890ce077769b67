import { emit, type Tx } from '@vafa/bus';
import { betterTier } from '../domain/tiers/better-tier.ts';
import { moveQualifications } from '../store/qualifications.ts';
import { findTierStates, forgetTierState, giveTierState } from '../store/tier-states.ts';
import { lookAtTiers } from './look-at-tiers.ts';
import type { TierRules } from './tier-rules.ts';

/**
 * Makes the qualification of two merged customers one; the one that lives on has the better of their tiers, or what both
 * together are enough for. The caller holds the locks of both balance rows.
 */
export const joinTiers = async (
  tx: Tx,
  rules: TierRules | undefined,
  { from, into }: { from: string; into: string },
  now: Temporal.Instant,
): Promise<void> => {
  await moveQualifications(tx, from, into);
  const states = await findTierStates(tx, [from, into]);
  // Without tiers nothing is looked at; what was had before is kept for when there are some again.
  if (!rules) await giveTierState(tx, from, into);
  await forgetTierState(tx, from);
  if (!rules) return;
  const kept = states.get(into);
  const better = betterTier(rules.structure, states.get(from), kept);
  const given = better ? new Map([[into, better]]) : undefined;
  await emit(tx, await lookAtTiers(tx, rules, new Map([[into, kept]]), now, given));
};
