import type { Queryable, Tx } from '@vafa/bus';
import { type Channel, type Purpose, stricterPurpose } from '../domain/purposes.ts';
import { findGrants } from '../store/consents.ts';
import { type Contact, holdContacts } from '../store/contacts.ts';
import { instantOf } from '../store/instants.ts';
import { findCounted } from '../store/new-messages.ts';
import { findSuppressions, type SuppressionCheck } from '../store/suppressions.ts';
import { findTemplates } from '../store/templates.ts';

/** An advertisement that counts against the caps. */
export interface CountedAt {
  at: Temporal.Instant;
  /** Planned, not tried yet. */
  queued: boolean;
  messageId: number | null;
}

/** All that decisions about a batch of requests rest on, read at once. */
export interface ContactKnowledge {
  /** By the customer id that was asked for; merged customers' by the one they went into. */
  contacts: Map<string, Contact>;
  grants: Set<string>;
  isSuppressed: SuppressionCheck;
  /** By the contact's own customer id. */
  promotional: Map<string, CountedAt[]>;
  templatePurpose: (templateId: string, channel: Channel) => Purpose | null;
}

/** Advertisements of customers within the last week, or planned. */
export const loadPromotional = async (
  tx: Queryable,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<Map<string, CountedAt[]>> => {
  const counted = await findCounted(tx, customerIds, now);
  const entry = ({ id, countedAt, queued }: (typeof counted)[number]) => ({
    at: instantOf(countedAt),
    queued,
    messageId: id,
  });
  return new Map([...Map.groupBy(counted, ({ customerId }) => customerId)].map(([id, rows]) => [id, rows.map(entry)]));
};

const loadTemplatePurposes = async (tx: Queryable, requests: readonly { channel: Channel; templateId: string }[]) => {
  const purposes = new Map<string, Purpose | null>();
  for (const [channel, ofChannel] of Map.groupBy(requests, (request) => request.channel)) {
    const ids = [...new Set(ofChannel.map(({ templateId }) => templateId))];
    for (const { id, purpose } of await findTemplates(tx, channel, ids)) {
      const key = `${channel} ${id}`;
      if (purpose) purposes.set(key, stricterPurpose(purpose, purposes.get(key)));
    }
  }
  return (templateId: string, channel: Channel) => purposes.get(`${channel} ${templateId}`) ?? null;
};

/** Reads what is known of the customers of requests. */
export const loadKnowledge = async (
  tx: Tx,
  requests: readonly { customerId: string; channel: Channel; templateId: string }[],
  now: Temporal.Instant,
): Promise<ContactKnowledge> => {
  const contacts = await holdContacts(tx, [...new Set(requests.map(({ customerId }) => customerId))]);
  const customerIds = [...new Set([...contacts.values()].map(({ customerId }) => customerId))];
  const addresses = [...contacts.values()].flatMap(({ phone, email }) => [
    { channel: 'sms' as const, address: phone },
    { channel: 'email' as const, address: email },
  ]);
  return {
    contacts,
    grants: await findGrants(tx, customerIds),
    isSuppressed: await findSuppressions(tx, addresses),
    promotional: await loadPromotional(tx, customerIds, now),
    templatePurpose: await loadTemplatePurposes(tx, requests),
  };
};
