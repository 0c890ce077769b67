import type { Account } from './account.ts';
import type { Lot } from './lot.ts';
import type { Expiring } from './terms.ts';

/**
 * When points in a lot of the account expire, milliseconds since 1970; null = never. Activity may have kept them beyond the lot's
 * own expiry, but not in a lot that has expired once, nor where a rule or a tier said when they expire.
 */
export const keptUntilMs = ({ slidesUntilMs }: Account, { expiresAtMs, slides, expired }: Lot): number | null =>
  slidesUntilMs === null || expiresAtMs === null || !slides || expired > 0
    ? expiresAtMs
    : Math.max(expiresAtMs, slidesUntilMs);

/**
 * May activity keep points that the account is given with these terms? Where they slide only later, not if something has kept the account
 * for longer already: that was before them.
 */
export const slidesIn = ({ slidesUntilMs }: Account, { expiresAtMs, sliding }: Expiring): boolean =>
  sliding === 'always' ||
  (sliding === 'later' && (slidesUntilMs === null || expiresAtMs === null || slidesUntilMs <= expiresAtMs));

/** Lets a lot expire when its account's activity says; that is announced anew. */
export const keepByActivity = (account: Account, lot: Lot): void => {
  const untilMs = keptUntilMs(account, lot);
  if (untilMs === lot.expiresAtMs) return;
  lot.expiresAtMs = untilMs;
  lot.noticed = false;
};
