import Type, { type Static, type TSchema } from 'typebox';
import { defineEvent } from '../define-event.ts';
import { Channel, CustomerId, Id, Instant, OneOf, Purpose, payload } from '../fields.ts';
import { Topics } from '../topics.ts';

/** Values a template may use. */
export const TemplateParams = Type.Record(
  Type.String({ minLength: 1, maxLength: 64 }),
  Type.Union([Type.String({ maxLength: 2000 }), Type.Number(), Type.Boolean()]),
  { maxProperties: 50 },
);

/** Who asked for the message and why: answers "why did she get this?". */
export const MessageCause = Type.Object({
  kind: OneOf(['campaign', 'reminder', 'api'] as const),
  id: Id,
  triggerId: Type.Optional(
    Type.String({ maxLength: 200, description: 'Id of the event or occurrence that set it off' }),
  ),
});
export type MessageCause = Static<typeof MessageCause>;

export const MessageRequested = defineEvent({
  type: 'message.requested',
  version: 1,
  topic: Topics.messageRequests,
  title: 'A campaign or reminder asks for one message on one channel',
  data: payload({
    customerId: CustomerId,
    requestId: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Unique for ever: the same request is sent once',
    }),
    channel: Channel,
    templateId: Id,
    purpose: Purpose,
    params: TemplateParams,
    expiresAt: Instant,
    cause: MessageCause,
  }),
});

const outcome = <Extra extends Record<string, TSchema>>(extra: Extra) =>
  payload({
    customerId: CustomerId,
    messageId: Id,
    requestId: Type.String({ minLength: 1, maxLength: 200 }),
    channel: Channel,
    templateId: Id,
    purpose: Purpose,
    cause: MessageCause,
    ...extra,
  });

export const MessageSent = defineEvent({
  type: 'message.sent',
  version: 1,
  topic: Topics.messages,
  title: 'The provider accepted the message',
  data: outcome({ providerMessageId: Type.Optional(Type.String({ maxLength: 500 })) }),
});

export const MessageDelivered = defineEvent({
  type: 'message.delivered',
  version: 1,
  topic: Topics.messages,
  title: 'The provider says the message arrived',
  data: outcome({}),
});

export const MessageFailed = defineEvent({
  type: 'message.failed',
  version: 1,
  topic: Topics.messages,
  title: 'The message could not be sent or delivered',
  data: outcome({ reason: Type.String({ maxLength: 200 }) }),
});

/** Why a message was not sent at all; each is recorded (design, section 3.6). */
export const SUPPRESSION_REASONS = [
  'no_contact',
  'no_consent',
  'quiet_hours_passed',
  'frequency_cap',
  'hold_out',
  'duplicate',
  'suppressed_address',
  'expired',
  'template_missing',
  'erased',
] as const;

export const MessageSuppressed = defineEvent({
  type: 'message.suppressed',
  version: 1,
  topic: Topics.messages,
  title: 'The message was not sent, for the reason given',
  data: outcome({ reason: OneOf(SUPPRESSION_REASONS) }),
});

export const MessageOpened = defineEvent({
  type: 'message.opened',
  version: 1,
  topic: Topics.messages,
  title: 'The customer opened the message',
  data: outcome({}),
});

export const MessageClicked = defineEvent({
  type: 'message.clicked',
  version: 1,
  topic: Topics.messages,
  title: 'The customer followed a link of the message',
  data: outcome({ url: Type.String({ maxLength: 2000 }) }),
});

export const MessageUnsubscribed = defineEvent({
  type: 'message.unsubscribed',
  version: 1,
  topic: Topics.messages,
  title: 'The customer opted out by way of the message',
  data: outcome({}),
});
