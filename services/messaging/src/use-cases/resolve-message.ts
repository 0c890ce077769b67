import type { Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import { UNKNOWN_OUTCOME } from '../domain/unknown-outcome.ts';
import { recordAdminChange } from '../store/admin-changes.ts';
import { holdMessages, type Move } from '../store/moves.ts';
import type { Change } from './change-template.ts';
import { moveMessages } from './move-messages.ts';

/** What an operator found out: it was sent, it was not and shall not be, or it shall go (again). */
export type Resolution = 'sent' | 'failed' | 'resend';

const MOVES: Readonly<Record<Resolution, (now: Temporal.Instant) => Pick<Move, 'to' | 'dueAt' | 'reason'>>> = {
  sent: () => ({ to: 'sent', dueAt: null, reason: null }),
  failed: () => ({ to: 'failed', dueAt: null, reason: UNKNOWN_OUTCOME }),
  resend: (now) => ({ to: 'queued', dueAt: now, reason: null }),
};

/**
 * Ends the unknown outcome of a message by an operator's word.
 * @throws AppError not_found `messaging.message_unknown`; conflict `messaging.outcome_known` when it is in another state
 */
export const resolveMessage = async (
  tx: Tx,
  messageId: number,
  resolution: Resolution,
  { actor, now }: Change,
): Promise<void> => {
  const [message] = await holdMessages(tx, [messageId]);
  if (!message) throw new AppError('not_found', 'messaging.message_unknown', `no message ${messageId}`);
  if (message.state !== 'unknown')
    throw new AppError('conflict', 'messaging.outcome_known', `message ${messageId} is ${message.state}`, {
      state: message.state,
    });
  const where = { messageId, from: 'unknown' as const, attempts: message.attempts };
  await moveMessages(tx, [{ ...where, ...MOVES[resolution](now), detail: `an operator says: ${resolution}` }], now);
  await recordAdminChange(tx, {
    at: now,
    actor,
    subject: `message/${messageId}`,
    before: { state: 'unknown' },
    after: { resolution },
  });
};
