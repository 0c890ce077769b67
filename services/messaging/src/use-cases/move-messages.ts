import { emit, type Tx } from '@vafa/bus';
import {
  type EventEnvelope,
  event,
  MessageDelivered,
  MessageFailed,
  MessageSent,
  MessageSuppressed,
  MessageUnsubscribed,
} from '@vafa/contracts';
import { idFrom } from '@vafa/kernel';
import type { SuppressionReason } from '../domain/contact-policy.ts';
import { addHistory, type Move, type Moved, moveRows } from '../store/moves.ts';

const SOURCE = '/vafa/messaging';

const fieldsOf = (message: Moved) => ({
  customerId: message.customerId,
  messageId: String(message.id),
  requestId: message.requestId,
  channel: message.channel,
  templateId: message.templateId,
  purpose: message.purpose,
  cause: message.cause,
});

/** What the rest of the house is told of a message's new state; nothing of the states in between. */
const eventOf = (message: Moved, now: Temporal.Instant): EventEnvelope | undefined => {
  const data = fieldsOf(message);
  const reason = message.reason ?? 'unknown';
  const about = (type: string) => ({
    id: idFrom(type, data.messageId),
    source: SOURCE,
    time: now,
    traceparent: message.traceparent ?? undefined,
  });
  switch (message.state) {
    case 'sent': {
      const provider = message.providerMessageId ? { providerMessageId: message.providerMessageId } : {};
      return event(MessageSent, about(MessageSent.type), { ...data, ...provider });
    }
    case 'delivered':
      return event(MessageDelivered, about(MessageDelivered.type), data);
    case 'failed':
    case 'undelivered':
      return event(MessageFailed, about(MessageFailed.type), { ...data, reason });
    case 'suppressed':
      return event(MessageSuppressed, about(MessageSuppressed.type), { ...data, reason: reason as SuppressionReason });
    default:
      return undefined;
  }
};

/** Tells the house what became of messages. */
export const emitOutcomes = async (tx: Tx, messages: readonly Moved[], now: Temporal.Instant): Promise<void> => {
  const events = messages.map((message) => eventOf(message, now)).filter((each) => each !== undefined);
  await emit(tx, events);
};

/** Tells the house that customers opted out by way of these messages. */
export const emitUnsubscribed = async (tx: Tx, messages: readonly Moved[], now: Temporal.Instant): Promise<void> => {
  await emit(
    tx,
    messages.map((message) => {
      const id = idFrom(MessageUnsubscribed.type, String(message.id), now.toString());
      const traceparent = message.traceparent ?? undefined;
      return event(MessageUnsubscribed, { id, source: SOURCE, time: now, traceparent }, fieldsOf(message));
    }),
  );
};

/**
 * The one way a message changes its state: the row, its history and the event about it in one transaction. Messages that
 * are no longer where a move thinks they are stay as they are; those that moved are returned.
 */
export const moveMessages = async (tx: Tx, moves: readonly Move[], now: Temporal.Instant): Promise<Moved[]> => {
  if (moves.length === 0) return [];
  const moved = await moveRows(tx, moves, now);
  const details = new Map(moves.map(({ messageId, detail }) => [messageId, detail]));
  const lines = moved.map(({ id, state, reason }) => ({ messageId: id, state, detail: details.get(id) ?? reason }));
  await addHistory(tx, lines, now);
  await emitOutcomes(tx, moved, now);
  return moved;
};
