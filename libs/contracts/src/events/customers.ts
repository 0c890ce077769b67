import Type from 'typebox';
import { defineEvent } from '../define-event.ts';
import { Attributes, Channel, CustomerId, DateOnly, Instant, Locale, Purpose, payload, TimeZone } from '../fields.ts';
import { Topics } from '../topics.ts';

/** The whole of what is known: a field that is absent is not known any more. */
export const CustomerUpdated = defineEvent({
  type: 'customer.updated',
  version: 1,
  topic: Topics.customers,
  title: 'What is known of a customer changed; replaces what was known before',
  data: payload({
    customerId: CustomerId,
    name: Type.Optional(Type.String({ maxLength: 200 })),
    phone: Type.Optional(Type.String({ pattern: '^\\+[1-9][0-9]{6,14}$', description: 'E.164' })),
    email: Type.Optional(Type.String({ maxLength: 254, pattern: '^[^@\\s]+@[^@\\s]+$' })),
    locale: Type.Optional(Locale),
    timeZone: Type.Optional(TimeZone),
    birthDate: Type.Optional(DateOnly),
    attributes: Type.Optional(Attributes),
  }),
});

export const CustomerConsentChanged = defineEvent({
  type: 'customer.consent_changed',
  version: 1,
  topic: Topics.customers,
  title: 'A customer allowed or forbade messages of a purpose on a channel',
  data: payload({
    customerId: CustomerId,
    channel: Channel,
    purpose: Purpose,
    granted: Type.Boolean(),
    consentSource: Type.String({ minLength: 1, maxLength: 200, description: 'Where the consent was given: the proof' }),
    givenAt: Type.Optional(Instant),
    textVersion: Type.Optional(Type.String({ maxLength: 100 })),
  }),
});

export const CustomerMerged = defineEvent({
  type: 'customer.merged',
  version: 1,
  topic: Topics.customers,
  title: 'Two records were one customer: customerId lives on in intoCustomerId',
  data: payload({ customerId: CustomerId, intoCustomerId: CustomerId }),
});

export const CustomerErased = defineEvent({
  type: 'customer.erased',
  version: 1,
  topic: Topics.customers,
  title: 'A customer asked to be forgotten',
  data: payload({ customerId: CustomerId }),
});
