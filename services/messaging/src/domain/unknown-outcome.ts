import type { NextStep } from './call-outcome.ts';
import { isUrgent, type Purpose } from './purposes.ts';

/** Kavenegar answers for local ids for 12 hours; a look shortly before is the last that can be believed. */
const LOCAL_ID_WINDOW = { hours: 11, minutes: 30 };

export const UNKNOWN_OUTCOME = 'unknown_outcome';

/**
 * The provider was asked and does not know the message. Within its window that means it never took it, so it goes out
 * again under the same local id; beyond it the answer means nothing, and a person decides.
 */
export const afterNotFound = (attemptedAt: Temporal.Instant, now: Temporal.Instant): NextStep =>
  Temporal.Instant.compare(now, attemptedAt.add(LOCAL_ID_WINDOW)) <= 0
    ? { to: 'queued', dueAt: now, reason: null }
    : { to: 'unknown', dueAt: null, reason: UNKNOWN_OUTCOME };

/**
 * SMTP can't be asked. A receipt or a code goes out once more under the same Message-ID (most mailboxes show it once);
 * what nobody waits for is rather lost than doubled.
 */
export const afterUnknownEmail = (purpose: Purpose, unknownTimes: number, now: Temporal.Instant): NextStep =>
  isUrgent(purpose) && unknownTimes <= 1
    ? { to: 'queued', dueAt: now, reason: UNKNOWN_OUTCOME }
    : { to: 'failed', dueAt: null, reason: UNKNOWN_OUTCOME };
