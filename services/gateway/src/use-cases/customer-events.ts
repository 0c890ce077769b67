import {
  CustomerConsentChanged,
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  type EventEnvelope,
  event,
} from '@vafa/contracts';
import { SOURCE } from './accept-item.ts';
import type { Consent } from './customer-consents.ts';
import type { CustomerProfile } from './customer-profile.ts';

export interface CustomerDeed {
  eventId: string;
  time: Temporal.Instant;
  traceparent: string;
}

/** Ids of the consents follow from the deed's, so that a repeated request repeats the same events. */
const consentEvent = (consent: Consent, { eventId, time, traceparent }: CustomerDeed): EventEnvelope =>
  event(
    CustomerConsentChanged,
    { id: `${eventId}:${consent.channel}:${consent.purpose}`, source: SOURCE, time, traceparent },
    consent,
  );

/** The profile first, then each consent: a consent of a customer nobody knows yet would help nobody. */
export const customerUpdatedEvents = (
  profile: CustomerProfile,
  consents: readonly Consent[],
  deed: CustomerDeed,
): EventEnvelope[] => [
  event(CustomerUpdated, { id: deed.eventId, source: SOURCE, time: deed.time, traceparent: deed.traceparent }, profile),
  ...consents.map((consent) => consentEvent(consent, deed)),
];

export const consentEvents = (consents: readonly Consent[], deed: CustomerDeed): EventEnvelope[] =>
  consents.map((consent) => consentEvent(consent, deed));

export const customerErasedEvent = (customerId: string, deed: CustomerDeed): EventEnvelope =>
  event(
    CustomerErased,
    { id: deed.eventId, source: SOURCE, time: deed.time, traceparent: deed.traceparent },
    { customerId },
  );

export const customerMergedEvent = (customerId: string, intoCustomerId: string, deed: CustomerDeed): EventEnvelope =>
  event(
    CustomerMerged,
    { id: deed.eventId, source: SOURCE, time: deed.time, traceparent: deed.traceparent },
    { customerId, intoCustomerId },
  );
