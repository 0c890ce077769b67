import { emit, type Tx } from '@vafa/bus';
import { event, MessageRequested } from '@vafa/contracts';
import { idFrom } from '@vafa/kernel';
import type { Campaign } from '../domain/campaign.ts';
import { type Params, requestIdOf } from '../domain/message-request.ts';

const SOURCE = '/vafa/campaigns';

/** One customer to be asked for, by one trigger of one campaign. */
export interface Ask {
  campaign: Campaign;
  customerId: string;
  triggerKey: string;
  params: Params;
  expiresAt: string;
  traceparent?: string | undefined;
}

/** Asks messaging for the campaign's messages, through the outbox. The ids follow from the trigger, never from chance. */
export const askForMessages = async (tx: Tx, asks: readonly Ask[], now: Temporal.Instant): Promise<void> => {
  const events = asks.flatMap(({ campaign, customerId, triggerKey, params, expiresAt, traceparent }) =>
    campaign.messages.map(({ channel, templateId }) => {
      const requestId = requestIdOf(campaign.id, customerId, triggerKey, channel);
      return event(
        MessageRequested,
        { id: idFrom('message.requested', requestId), source: SOURCE, time: now, traceparent },
        {
          customerId,
          requestId,
          channel,
          templateId,
          purpose: campaign.purpose,
          params,
          expiresAt,
          cause: { kind: 'campaign', id: campaign.id, triggerId: triggerKey },
        },
      );
    }),
  );
  await emit(tx, events);
};
