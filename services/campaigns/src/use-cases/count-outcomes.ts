import type { Tx } from '@vafa/bus';
import type { EventEnvelope, MessageCause } from '@vafa/contracts';
import { resolveCustomers } from '@vafa/platform';
import { addCounts } from '../store/counts.ts';
import { insertOutcomes, type MessageOutcome, NOBODY } from '../store/message-outcomes.ts';

interface OutcomeData {
  customerId: string;
  messageId: string;
  requestId: string;
  channel: string;
  templateId: string;
  cause: MessageCause;
  reason?: string;
}

/** `message.sent` → `sent`. */
const statusOf = (type: string): string => type.slice(type.indexOf('.') + 1);

/**
 * Counts what became of campaigns' messages. A message counts once per status, however often the event is told; messages
 * of reminders and others are not ours.
 */
export const countOutcomes = async (
  tx: Tx,
  events: readonly EventEnvelope<string, OutcomeData>[],
  shard: number,
): Promise<void> => {
  const ours = events.filter(({ data }) => data.cause.kind === 'campaign');
  if (ours.length === 0) return;
  const resolve = await resolveCustomers(
    tx,
    ours.map(({ data }) => data.customerId),
  );
  const outcomes = ours.map(({ type, time, data }): MessageOutcome => {
    // What becomes of an erased customer's messages counts, but is not kept as hers, whenever it happened.
    const customerId = resolve(data.customerId, Number.NEGATIVE_INFINITY);
    return {
      messageId: data.messageId,
      status: statusOf(type),
      campaignId: data.cause.id,
      ...(customerId === undefined
        ? NOBODY
        : { customerId, triggerKey: data.cause.triggerId ?? null, requestId: data.requestId }),
      channel: data.channel,
      templateId: data.templateId,
      reason: data.reason ?? null,
      happenedAt: time,
    };
  });
  const fresh = await insertOutcomes(tx, outcomes);
  await addCounts(
    tx,
    fresh.map(({ campaignId, status, reason }) => ({ campaignId, outcome: status, reason: reason ?? '', by: 1 })),
    shard,
  );
};
