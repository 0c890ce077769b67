import { emit, type Tx } from '@vafa/bus';
import type { TierState } from '../domain/tiers/state.ts';
import { placeOf } from '../domain/tiers/structure.ts';
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
  const placeIn = (state: TierState | undefined) => placeOf(rules.structure, state?.tier ?? null);
  const [gone, kept] = [states.get(from), states.get(into)];
  const given = gone && placeIn(gone) > placeIn(kept) ? new Map([[into, gone]]) : undefined;
  await emit(tx, await lookAtTiers(tx, rules, new Map([[into, kept]]), now, given));
};
