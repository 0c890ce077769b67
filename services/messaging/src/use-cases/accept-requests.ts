import { type HandlerResult, notReady, type Tx } from '@vafa/bus';
import type { EventOf, MessageRequested } from '@vafa/contracts';
import { isBefore } from '@vafa/kernel';
import { type ContactPolicy, type Decision, decideContact } from '../domain/contact-policy.ts';
import { isUrgent, type Purpose, stricterPurpose } from '../domain/purposes.ts';
import { zoneOr } from '../domain/quiet-hours.ts';
import { grantKey } from '../store/consents.ts';
import type { Contact } from '../store/contacts.ts';
import { addHistory } from '../store/moves.ts';
import { findKnownRequests, insertMessages, type NewMessage } from '../store/new-messages.ts';
import { type ContactKnowledge, loadKnowledge } from './contact-knowledge.ts';
import { emitOutcomes } from './move-messages.ts';

type Request = EventOf<typeof MessageRequested>;

export interface AcceptOptions {
  policy: ContactPolicy;
  defaultTimeZone: string;
}

/** The first of each request: a campaign that asks twice is heard once. */
const firstOfEach = (events: readonly Request[]): Request[] => {
  const seen = new Set<string>();
  return events.filter(({ data }) => !seen.has(data.requestId) && seen.add(data.requestId));
};

const addressOf = (contact: Contact, channel: 'sms' | 'email'): string | null =>
  channel === 'sms' ? contact.phone : contact.email;

/** Decides about one request; what it will send counts for those after it in the batch. */
const decide = (
  request: Request,
  purpose: Purpose,
  contact: Contact,
  known: ContactKnowledge,
  options: AcceptOptions,
  now: Temporal.Instant,
): Decision => {
  const { channel, expiresAt } = request.data;
  const { customerId } = contact;
  const address = addressOf(contact, channel);
  const promotional = known.promotional.get(customerId) ?? [];
  const decision = decideContact(
    { purpose, expiresAt: Temporal.Instant.from(expiresAt) },
    {
      erased: contact.erasedAt !== null,
      address,
      timeZone: zoneOr(contact.timeZone, options.defaultTimeZone),
      consentGranted: known.grants.has(grantKey(customerId, channel, purpose)),
      addressSuppressed: known.isSuppressed(channel, address, purpose),
      promotional: promotional.map(({ at }) => at),
    },
    options.policy,
    now,
  );
  if (purpose === 'promotional' && decision.kind !== 'suppress') {
    const at = decision.kind === 'defer' ? decision.until : now;
    known.promotional.set(customerId, [...promotional, { at, queued: true, messageId: null }]);
  }
  return decision;
};

const newMessage = (
  request: Request,
  customerId: string,
  purpose: Purpose,
  decision: Decision,
  now: Temporal.Instant,
): NewMessage => {
  const { requestId, channel, templateId, params, cause, expiresAt } = request.data;
  const suppressed = decision.kind === 'suppress';
  return {
    ...{ requestId, customerId, channel, purpose, templateId, cause, expiresAt },
    urgent: isUrgent(purpose),
    // What is never sent need not be kept; of a suppressed message only the reason is asked for.
    params: suppressed ? {} : params,
    traceparent: request.traceparent ?? null,
    requestedAt: request.time,
    state: suppressed ? 'suppressed' : 'queued',
    reason: suppressed ? decision.reason : null,
    dueAt: suppressed ? null : decision.kind === 'defer' ? decision.until : now,
  };
};

/**
 * Takes message requests: one row per request, queued, deferred or suppressed with its reason. A request that came before
 * changes nothing. One whose customer is not known yet waits for the customers topic, unless it has expired anyway.
 */
export const acceptRequests = async (
  tx: Tx,
  events: readonly Request[],
  options: AcceptOptions,
  now: Temporal.Instant,
): Promise<HandlerResult> => {
  const known = await findKnownRequests(
    tx,
    events.map(({ data }) => data.requestId),
  );
  const requests = firstOfEach(events).filter(({ data }) => !known.has(data.requestId));
  const knowledge = await loadKnowledge(
    tx,
    requests.map(({ data }) => data),
    now,
  );
  const waiting: Request[] = [];
  const messages: NewMessage[] = [];
  for (const request of requests) {
    const { customerId, channel, templateId, expiresAt } = request.data;
    const purpose = stricterPurpose(request.data.purpose, knowledge.templatePurpose(templateId, channel));
    const contact = knowledge.contacts.get(customerId);
    if (contact) {
      const decision = decide(request, purpose, contact, knowledge, options, now);
      messages.push(newMessage(request, contact.customerId, purpose, decision, now));
    } else if (!isBefore(now, Temporal.Instant.from(expiresAt))) {
      messages.push(newMessage(request, customerId, purpose, { kind: 'suppress', reason: 'expired' }, now));
    } else waiting.push(request);
  }
  const inserted = await insertMessages(tx, messages, now);
  const dueAtOf = new Map(messages.map(({ requestId, dueAt }) => [requestId, dueAt]));
  const lines = inserted.map(({ id, requestId, state, reason }) => {
    const dueAt = dueAtOf.get(requestId);
    const deferred = dueAt && isBefore(now, dueAt) ? `deferred to ${dueAt.toString()} by quiet hours` : null;
    return { messageId: id, state, detail: reason ?? deferred };
  });
  await addHistory(tx, lines, now);
  await emitOutcomes(tx, inserted, now);
  const error = notReady('messaging.customer_unknown', 'nothing is known of this customer yet');
  return { notReady: waiting.map((event) => ({ event, error })) };
};
