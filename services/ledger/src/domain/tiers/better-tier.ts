import { stateOf, type TierState } from './state.ts';
import { placeOf, type TierStructure } from './structure.ts';

/** What can't be lost lasts longest. */
const lastsUntilMs = ({ validUntilMs }: TierState): number => validUntilMs ?? Infinity;

/**
 * One tier that both had: as long as the longer of them, since the earlier; so it matters not which of the customers lives on.
 * undefined = what the one who lives on has is that already.
 */
const jointTier = (gone: TierState, kept: TierState): TierState | undefined => {
  const longer = lastsUntilMs(gone) > lastsUntilMs(kept) ? gone : kept;
  const sinceMs = gone.sinceMs === null || kept.sinceMs === null ? null : Math.min(gone.sinceMs, kept.sinceMs);
  return longer === kept && sinceMs === kept.sinceMs ? undefined : { ...longer, sinceMs };
};

/**
 * Of two customers who are one now: what the one who lives on has from now on, where the tier of the one who is gone is better
 * or is the same and lasts longer. Without a structure nothing tells which of two levels is higher: the one who lives on
 * keeps its own.
 */
export const betterTier = (
  structure: TierStructure | undefined,
  gone: TierState | undefined,
  keptBefore: TierState | undefined,
): TierState | undefined => {
  if (!gone) return undefined;
  const kept = structure ? stateOf(structure, keptBefore) : keptBefore;
  if (kept && gone.tier !== null && gone.tier === kept.tier) return jointTier(gone, kept);
  if (!structure) return kept ? undefined : gone;
  const placeIn = (state: TierState | undefined) => placeOf(structure, state?.tier ?? null);
  return placeIn(gone) > placeIn(kept) ? gone : undefined;
};
