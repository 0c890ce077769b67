import type { ActivationOf } from './activation.ts';
import type { ExpiryOf } from './expiry-policy.ts';

/** From when to when the points of a credit can be spent. */
export interface Terms {
  /** Milliseconds since 1970; null = never, or not known before they are activated. */
  expiresAtMs: number | null;
  /** Not spendable before; null = at once. With `awaits`: lost unless the interaction comes before. */
  pendingUntilMs: number | null;
  /** Type of the interaction that makes them spendable; null = only time. */
  awaits: string | null;
  /** Spendable since then, and pending before; null or not given: since they were won. */
  activatedMs?: number | null;
}

/** Spendable at once. */
export const atOnce = (expiresAtMs: number | null): Terms => ({ expiresAtMs, pendingUntilMs: null, awaits: null });

/** The terms of points that were won at an instant and are booked at another, both milliseconds since 1970. */
export type TermsOf = (wonAtMs: number, nowMs: number) => Terms;

/**
 * Terms by the programme's policies. The clock of expiry starts when points become spendable; those whose time had come
 * before they are booked (imported history) are spendable at once.
 */
export const createTermsOf =
  (activationOf: ActivationOf, expiryOf: ExpiryOf): TermsOf =>
  (wonAtMs, nowMs) => {
    const activates = activationOf(wonAtMs);
    if (activates.kind === 'at_once') return atOnce(expiryOf(wonAtMs));
    if (activates.kind === 'on_event')
      return { expiresAtMs: null, pendingUntilMs: activates.cancelAtMs, awaits: activates.interactionType };
    const { activatesAtMs } = activates;
    const expiresAtMs = expiryOf(activatesAtMs);
    return activatesAtMs <= nowMs
      ? { ...atOnce(expiresAtMs), activatedMs: activatesAtMs }
      : { expiresAtMs, pendingUntilMs: activatesAtMs, awaits: null };
  };
