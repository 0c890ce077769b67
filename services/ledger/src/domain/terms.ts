import type { ActivationOf } from './activation.ts';
import type { ExpiryOf } from './expiry-policy.ts';

/** From when to when the points of a credit can be spent. */
export interface Terms {
  /** Milliseconds since 1970; null = never, or not known before they are activated. */
  expiresAtMs: number | null;
  /** Activity may keep them beyond it, where points slide: unless a rule or a tier says when they expire. */
  slides: boolean;
  /** Not spendable before; null = at once. With `awaits`: lost unless the interaction comes before. */
  pendingUntilMs: number | null;
  /** Type of the interaction that makes them spendable; null = only time. */
  awaits: string | null;
  /** Spendable since then, and pending before; null or not given: since they were won. */
  activatedMs?: number | null;
}

/** When points expire. */
export type Expiring = Pick<Terms, 'expiresAtMs' | 'slides'>;

/** Spendable at once. */
export const atOnce = ({ expiresAtMs, slides }: Expiring): Terms => ({
  ...{ expiresAtMs, slides, pendingUntilMs: null, awaits: null },
});

/** When points expire, by when they become spendable (milliseconds since 1970). */
export type ExpiringOf = (activatedAtMs: number) => Expiring;

/** By the programme: activity keeps them, where its points slide. */
export const byProgramme =
  (expiryOf: ExpiryOf): ExpiringOf =>
  (activatedAtMs) => ({ expiresAtMs: expiryOf(activatedAtMs), slides: true });

/** By a rule, or a tier: they expire then, whatever activity keeps of the others. */
export const byItsOwn =
  (expiryOf: ExpiryOf): ExpiringOf =>
  (activatedAtMs) => ({ expiresAtMs: expiryOf(activatedAtMs), slides: false });

/** The terms of points that were won at an instant and are booked at another, both milliseconds since 1970. */
export type TermsOf = (wonAtMs: number, nowMs: number) => Terms;

/**
 * Terms by the programme's policies. The clock of expiry starts when points become spendable; those whose time had come
 * before they are booked (imported history) are spendable at once.
 */
export const createTermsOf =
  (activationOf: ActivationOf, expiringOf: ExpiringOf): TermsOf =>
  (wonAtMs, nowMs) => {
    const activates = activationOf(wonAtMs);
    if (activates.kind === 'at_once') return atOnce(expiringOf(wonAtMs));
    if (activates.kind === 'on_event') {
      const { cancelAtMs, interactionType } = activates;
      return { expiresAtMs: null, slides: true, pendingUntilMs: cancelAtMs, awaits: interactionType };
    }
    const { activatesAtMs } = activates;
    const expiring = expiringOf(activatesAtMs);
    return activatesAtMs <= nowMs
      ? { ...atOnce(expiring), activatedMs: activatesAtMs }
      : { ...expiring, pendingUntilMs: activatesAtMs, awaits: null };
  };
