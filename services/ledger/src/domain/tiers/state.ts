import { freeLevel, type TierStructure } from './structure.ts';

/** The tier that a customer has; who never had one has no state. */
export interface TierState {
  /** Id of the level; null = fell out of the lowest. */
  tier: string | null;
  /** When it came to this tier, milliseconds since 1970; null = has had it from the start, see `freeLevel`. */
  sinceMs: number | null;
  /** Last millisecond of its validity; null = it can't be lost. */
  validUntilMs: number | null;
  /** Last millisecond of the grace after it, once validity is over; null = no grace is running. */
  graceUntilMs: number | null;
}

/** What a customer has of whom this is kept: who fell out of all tiers, or never had one, has the level that is free. */
export const stateOf = (
  structure: Pick<TierStructure, 'levels'>,
  kept: TierState | undefined,
): TierState | undefined => {
  const free = freeLevel(structure);
  if (!free) return kept;
  if (!kept) return { tier: free.id, sinceMs: null, validUntilMs: null, graceUntilMs: null };
  return kept.tier === null ? { ...kept, tier: free.id } : kept;
};

/**
 * First instant at which time alone may change the state; null = none. By then it must be looked at again.
 */
export const nextLookMs = ({ validUntilMs, graceUntilMs }: TierState): number | null => {
  const untilMs = graceUntilMs ?? validUntilMs;
  return untilMs === null ? null : untilMs + 1;
};

/** May time alone have changed it by now? */
export const isDue = (state: TierState, nowMs: number): boolean => {
  const nextMs = nextLookMs(state);
  return nextMs !== null && nextMs <= nowMs;
};
