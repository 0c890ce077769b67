import { isBefore } from '@vafa/kernel';
import type { MessageState } from './message-state.ts';

/** What is known of one message after the provider was called (or not). */
export type CallOutcome =
  | { kind: 'accepted'; providerMessageId: string | null; providerStatus: number | null; costRial: number | null }
  /** Certainly not accepted, for a reason that passes. */
  | { kind: 'try_later'; code: string }
  /** The time ran out before its turn came. */
  | { kind: 'not_called' }
  /** Nobody can say: the request had been written when it broke off. */
  | { kind: 'unknown'; code: string }
  /** Never, for this address or this text. */
  | { kind: 'refused'; code: string; badAddress: boolean }
  /** Not the message's fault: credit, key, sender line. */
  | { kind: 'channel_down'; code: string };

/** What becomes of the row. */
export interface NextStep {
  to: Extract<MessageState, 'sent' | 'queued' | 'unknown' | 'failed'>;
  dueAt: Temporal.Instant | null;
  reason: string | null;
}

export interface RetrySettings {
  retryFirstMs: number;
  retryMaxMs: number;
  unknownWaitMs: number;
}

/** Pause before attempt `attempts + 1`: doubles up to the limit. `jitter` (0 to 1) spreads those that failed together. */
export const backOffAfter = (attempts: number, settings: RetrySettings, jitter: number): number => {
  const ceilingMs = Math.min(settings.retryMaxMs, settings.retryFirstMs * 2 ** Math.min(attempts - 1, 30));
  return Math.ceil(ceilingMs * (0.75 + 0.25 * jitter));
};

/** Decides the next step of a message of which `attempts` calls were made. */
export const afterCall = (
  outcome: Exclude<CallOutcome, { kind: 'accepted' }>,
  message: { attempts: number; expiresAt: Temporal.Instant },
  settings: RetrySettings,
  now: Temporal.Instant,
  jitter: number,
): NextStep => {
  switch (outcome.kind) {
    case 'refused':
      return { to: 'failed', dueAt: null, reason: outcome.code };
    case 'unknown':
      return { to: 'unknown', dueAt: now.add({ milliseconds: settings.unknownWaitMs }), reason: outcome.code };
    case 'not_called':
      return { to: 'queued', dueAt: now, reason: null };
    case 'channel_down':
      return { to: 'queued', dueAt: now, reason: outcome.code };
    case 'try_later': {
      const dueAt = now.add({ milliseconds: backOffAfter(message.attempts, settings, jitter) });
      if (isBefore(dueAt, message.expiresAt)) return { to: 'queued', dueAt, reason: outcome.code };
      return { to: 'failed', dueAt: null, reason: outcome.code };
    }
  }
};
