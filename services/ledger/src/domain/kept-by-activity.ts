import type { Account } from './account.ts';
import type { Lot } from './lot.ts';

/**
 * When points in a lot of the account expire, milliseconds since 1970; null = never. Activity may have kept them beyond the lot's
 * own expiry, but not in a lot that has expired once, nor where a rule or a tier said when they expire.
 */
export const keptUntilMs = ({ slidesUntilMs }: Account, { expiresAtMs, slides, expired }: Lot): number | null =>
  slidesUntilMs === null || expiresAtMs === null || !slides || expired > 0
    ? expiresAtMs
    : Math.max(expiresAtMs, slidesUntilMs);

/** Lets a lot expire when its account's activity says; that is announced anew. */
export const keepByActivity = (account: Account, lot: Lot): void => {
  const untilMs = keptUntilMs(account, lot);
  if (untilMs === lot.expiresAtMs) return;
  lot.expiresAtMs = untilMs;
  lot.noticed = false;
};
