import type { ActivationOf } from './activation.ts';
import type { ExpiryOf } from './expiry-policy.ts';

/**
 * Whether activity may keep points beyond their expiry.
 * always: whenever it was · later: only what comes after them, as the programme that gave them does not slide · never: a rule or a tier
 * said when they expire.
 */
export type Sliding = 'always' | 'later' | 'never';

/** From when to when the points of a credit can be spent. */
export interface Terms {
  /** Milliseconds since 1970; null = never, or not known before they are activated. */
  expiresAtMs: number | null;
  sliding: Sliding;
  /** Not spendable before; null = at once. With `awaits`: lost unless the interaction comes before. */
  pendingUntilMs: number | null;
  /** Type of the interaction that makes them spendable; null = only time. */
  awaits: string | null;
  /** Spendable since then, and pending before; null or not given: since they were won. */
  activatedMs?: number | null;
}

/** When points expire. */
export type Expiring = Pick<Terms, 'expiresAtMs' | 'sliding'>;

/** Spendable at once. */
export const atOnce = ({ expiresAtMs, sliding }: Expiring): Terms => ({
  ...{ expiresAtMs, sliding, pendingUntilMs: null, awaits: null },
});

/** When points expire, by when they become spendable (milliseconds since 1970). */
export type ExpiringOf = (activatedAtMs: number) => Expiring;

/** By the programme; its points slide, or they don't. */
export const byProgramme = (expiryOf: ExpiryOf, slides: boolean): ExpiringOf => {
  const sliding = slides ? 'always' : 'later';
  return (activatedAtMs) => ({ expiresAtMs: expiryOf(activatedAtMs), sliding });
};

/** By a rule, or a tier: they expire then, whatever activity keeps of the others. */
export const byItsOwn =
  (expiryOf: ExpiryOf): ExpiringOf =>
  (activatedAtMs) => ({ expiresAtMs: expiryOf(activatedAtMs), sliding: 'never' });

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
      return { expiresAtMs: null, sliding: 'always', pendingUntilMs: cancelAtMs, awaits: interactionType };
    }
    const { activatesAtMs } = activates;
    const expiring = expiringOf(activatesAtMs);
    return activatesAtMs <= nowMs
      ? { ...atOnce(expiring), activatedMs: activatesAtMs }
      : { ...expiring, pendingUntilMs: activatesAtMs, awaits: null };
  };
