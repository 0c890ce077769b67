import { isUrgent } from '../domain/purposes.ts';
import { afterNotFound, afterUnknownEmail } from '../domain/unknown-outcome.ts';
import type { MessagingContext, MessagingParts } from '../parts.ts';
import type { ProviderState } from '../providers/sms-provider.ts';
import { lockWaiting, setDue, type WaitingMessage } from '../store/claims.ts';
import { instantOf } from '../store/instants.ts';
import type { Move } from '../store/moves.ts';
import { receive } from './apply-receipts.ts';
import { moveMessages } from './move-messages.ts';

/** Kavenegar tells about 500 ids per call. */
const PORTION = 500;

const settledMove = (
  message: WaitingMessage,
  found: ProviderState | undefined,
  now: Temporal.Instant,
  receiptPollMs: number,
): Move => {
  const where = { messageId: message.id, from: 'unknown' as const, attempts: message.attempts };
  if (!found) {
    const next = afterNotFound(instantOf(message.attemptedAt), now);
    const detail =
      next.to === 'queued' ? 'the provider never took it' : 'the provider can no longer be asked; an operator decides';
    return { ...where, ...next, detail };
  }
  return {
    ...where,
    to: 'sent',
    dueAt: now.add({ milliseconds: receiptPollMs }),
    reason: null,
    detail: 'the provider had taken it',
    providerMessageId: found.providerMessageId,
    providerStatus: found.status,
  };
};

/**
 * Asks the provider what became of SMS whose outcome is unknown. Taken: they are sent. Never taken: they go out again.
 * No answer: they are asked about again later. Returns how many were settled.
 */
export const settleUnknownSms = async (
  { sql, clock, config, wake }: MessagingContext,
  { sms }: MessagingParts,
): Promise<number> => {
  if (!sms) return 0;
  const askedAt = clock.now();
  const messages = await sql.begin(async (tx) => {
    const due = await lockWaiting(tx, { state: 'unknown', channel: 'sms', limit: PORTION }, askedAt);
    // Nobody else asks about them while we do, and they are asked about again if there is no answer.
    await setDue(
      tx,
      due.map(({ id }) => id),
      askedAt.add({ milliseconds: config.MESSAGING_UNKNOWN_WAIT_MS + config.MESSAGING_SMS_TIMEOUT_MS }),
    );
    return due;
  });
  if (messages.length === 0) return 0;
  const found = await sms.findByMessageIds(messages.map(({ id }) => id));
  if (!found) return 0;
  const settled = await sql.begin(async (tx) => {
    const now = clock.now();
    const poll = config.MESSAGING_RECEIPT_POLL_MS;
    const moved = await moveMessages(
      tx,
      messages.map((message) => settledMove(message, found.get(message.id), now, poll)),
      now,
    );
    const adopted = moved.filter(({ state }) => state === 'sent');
    const news = adopted.map((message) => ({
      ...message,
      state: 'sent' as const,
      status: found.get(message.id)?.status ?? 0,
    }));
    await receive(tx, 'sms', news, now, now.add({ milliseconds: poll }));
    return moved.length;
  });
  wake();
  return settled;
};

/** Settles e-mails whose outcome is unknown, which nobody can be asked about. Returns how many. */
export const settleUnknownEmails = async ({ sql, clock, wake }: MessagingContext): Promise<number> => {
  const settled = await sql.begin(async (tx) => {
    const now = clock.now();
    const messages = await lockWaiting(tx, { state: 'unknown', channel: 'email', limit: PORTION }, now);
    const moved = await moveMessages(
      tx,
      messages.map(({ id, attempts, purpose, unknownTimes }) => ({
        ...{ messageId: id, from: 'unknown' as const, attempts },
        ...afterUnknownEmail(purpose, unknownTimes, now),
        ...(isUrgent(purpose) && unknownTimes <= 1 ? { detail: 'once more under the same Message-ID' } : {}),
      })),
      now,
    );
    return moved.length;
  });
  wake();
  return settled;
};
