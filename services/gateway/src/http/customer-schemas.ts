import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { MAX_CONSENTS } from '../use-cases/customer-consents.ts';

const OccurredAt = Type.Optional(
  Type.String({ format: 'date-time', description: 'When it happened, ISO 8601 with an offset; now when not given' }),
);
const EventId = Type.Optional(
  Type.String({ minLength: 1, maxLength: 128, description: 'Give one if you may send the same again' }),
);

const Consents = Type.Array(
  Type.Object({
    channel: fields.Channel,
    purpose: fields.Purpose,
    granted: Type.Boolean(),
    source: Type.String({ minLength: 1, maxLength: 200, description: 'Where the consent was given: the proof' }),
    givenAt: Type.Optional(Type.String({ format: 'date-time' })),
    textVersion: Type.Optional(
      Type.String({ maxLength: 100, description: 'Version of the text the customer agreed to' }),
    ),
  }),
  { maxItems: MAX_CONSENTS },
);

export const CustomerParams = Type.Object({ customerId: fields.CustomerId });

/** The whole of what is known: a field left out is not known any more. Consents left out stay as they are. */
export const CustomerBody = Type.Object({
  name: Type.Optional(Type.String({ maxLength: 200 })),
  phone: Type.Optional(
    Type.String({
      description: 'Any usual way of writing, Latin, Persian or Arabic digits; kept as E.164',
      examples: ['0912 123 4567'],
    }),
  ),
  email: Type.Optional(Type.String({ maxLength: 254 })),
  locale: Type.Optional(fields.Locale),
  timeZone: Type.Optional(fields.TimeZone),
  birthDate: Type.Optional(fields.DateOnly),
  attributes: Type.Optional(fields.Attributes),
  consents: Type.Optional(Consents),
  occurredAt: OccurredAt,
  eventId: EventId,
});

export const ConsentsBody = Type.Object({ consents: Consents, occurredAt: OccurredAt, eventId: EventId });

export const MergeBody = Type.Object({
  into: Type.String({ ...fields.CustomerId, description: 'The customer who stays; the one in the path goes up in it' }),
  occurredAt: OccurredAt,
  eventId: EventId,
});

export const CustomerAnswer = Type.Object({
  eventId: Type.String(),
  eventIds: Type.Array(Type.String(), { description: 'Of all events this request caused' }),
});
