import type { SUPPRESSION_REASONS } from '@vafa/contracts';
import { isBefore } from '@vafa/kernel';
import { needsConsent, type Purpose } from './purposes.ts';
import { nextAllowed, type QuietHours } from './quiet-hours.ts';

export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** When and how often customers may be written to. */
export interface ContactPolicy {
  quietHours: QuietHours | null;
  /** Advertisements per customer over all channels, in any 24 hours and any 7 days. */
  promotionalCap: { perDay: number; perWeek: number };
}

/** What is known at the moment of deciding. */
export interface ContactFacts {
  erased: boolean;
  address: string | null;
  timeZone: string;
  consentGranted: boolean;
  addressSuppressed: boolean;
  /** When the customer's other advertisements went out or are planned to; older than a week may be left out. */
  promotional: readonly Temporal.Instant[];
}

export type Decision =
  | { kind: 'send' }
  | { kind: 'defer'; until: Temporal.Instant }
  | { kind: 'suppress'; reason: SuppressionReason };

const suppress = (reason: SuppressionReason): Decision => ({ kind: 'suppress', reason });

const DAY = { hours: 24 };
const WEEK = { hours: 168 };

/** Advertisements within the window that ends when this one would go, planned ones after it included. */
const countSince = (times: readonly Temporal.Instant[], since: Temporal.Instant): number =>
  times.filter((time) => Temporal.Instant.compare(time, since) > 0).length;

const isCapped = (facts: ContactFacts, policy: ContactPolicy, at: Temporal.Instant): boolean => {
  const { perDay, perWeek } = policy.promotionalCap;
  return (
    countSince(facts.promotional, at.subtract(DAY)) >= perDay ||
    countSince(facts.promotional, at.subtract(WEEK)) >= perWeek
  );
};

/**
 * May this message go, now or later? Asked when it is requested, and again before every attempt to send it, since consent
 * is withdrawn and nights fall in between. The first rule that forbids gives the reason.
 */
export const decideContact = (
  message: { purpose: Purpose; expiresAt: Temporal.Instant },
  facts: ContactFacts,
  policy: ContactPolicy,
  now: Temporal.Instant,
): Decision => {
  const { purpose, expiresAt } = message;
  if (facts.erased) return suppress('erased');
  if (!isBefore(now, expiresAt)) return suppress('expired');
  if (facts.address === null) return suppress('no_contact');
  if (facts.addressSuppressed) return suppress('suppressed_address');
  if (!needsConsent(purpose)) return { kind: 'send' };
  if (!facts.consentGranted) return suppress('no_consent');
  const at = nextAllowed(now, facts.timeZone, policy.quietHours);
  if (!isBefore(at, expiresAt)) return suppress('quiet_hours_passed');
  if (purpose === 'promotional' && isCapped(facts, policy, at)) return suppress('frequency_cap');
  return isBefore(now, at) ? { kind: 'defer', until: at } : { kind: 'send' };
};
