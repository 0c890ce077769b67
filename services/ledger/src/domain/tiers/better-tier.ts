import type { TierState } from './state.ts';
import { placeOf, type TierStructure } from './structure.ts';

/** Of two customers who are one now: the tier of the one who is gone, where it is better than that of the one who lives on. */
export const betterTier = (
  structure: TierStructure,
  gone: TierState | undefined,
  kept: TierState | undefined,
): TierState | undefined => {
  const placeIn = (state: TierState | undefined) => placeOf(structure, state?.tier ?? null);
  return gone && placeIn(gone) > placeIn(kept) ? gone : undefined;
};
