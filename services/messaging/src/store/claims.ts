import type { Queryable, Tx } from '@vafa/bus';
import type { Channel, Purpose } from '../domain/purposes.ts';
import type { Contact } from './contacts.ts';

/** A queued message whose time has come, with its customer. */
export interface DueMessage {
  id: number;
  requestId: string;
  customerId: string;
  purpose: Purpose;
  templateId: string;
  params: Record<string, unknown>;
  expiresAt: string;
  attempts: number;
  reason: string | null;
  contact: Contact;
}

/** Is anything due in a lane? Asked several times a second, so it is one look into an index. */
export const hasDue = async (
  sql: Queryable,
  lane: { channel: Channel; urgent: boolean },
  now: Temporal.Instant,
): Promise<boolean> => {
  const [row] = await sql<{ due: boolean }[]>`select exists (select 1 from message where state = 'queued'
    and channel = ${lane.channel} and urgent = ${lane.urgent} and due_at <= ${now.toString()}::timestamptz) as due`;
  return row?.due ?? false;
};

/**
 * Takes due messages of one lane, oldest first, with their customers' rows: what others hold is passed over, so that no
 * two senders decide about one customer at the same time (the cap rests on that).
 */
export const lockDue = async (
  tx: Tx,
  lane: { channel: Channel; urgent: boolean; limit: number },
  now: Temporal.Instant,
): Promise<DueMessage[]> => {
  const rows = await tx<(Omit<DueMessage, 'contact'> & Contact)[]>`
    select m.id, m.request_id as "requestId", m.customer_id as "customerId", m.purpose, m.template_id as "templateId",
      m.params, m.expires_at as "expiresAt", m.attempts, m.reason, c.phone, c.email, c.locale, c.time_zone as "timeZone",
      c.name, c.erased_at as "erasedAt", c.merged_into as "mergedInto"
    from message m join contact c on c.customer_id = m.customer_id
    where m.state = 'queued' and m.channel = ${lane.channel} and m.urgent = ${lane.urgent} and m.due_at <= ${now.toString()}::timestamptz
    order by m.due_at, m.id limit ${lane.limit}
    for update of m, c skip locked`;
  return rows.map(({ phone, email, locale, timeZone, name, erasedAt, mergedInto, ...message }) => ({
    ...message,
    contact: { customerId: message.customerId, phone, email, locale, timeZone, name, erasedAt, mergedInto },
  }));
};

/** What is about to be sent, kept for the history and for support. */
export interface Content {
  messageId: number;
  address: string;
  purpose: Purpose;
  locale: string;
  templateVersion: number;
  subject: string | null;
  /** None for one-time codes: they are not kept. */
  text: string | null;
  segments: number | null;
}

export const keepContents = async (tx: Tx, contents: readonly Content[]): Promise<void> => {
  if (contents.length === 0) return;
  const column = <Key extends keyof Content>(key: Key) => contents.map((content) => content[key]);
  await tx`update message m set address = t.address, purpose = t.purpose, locale = t.locale,
      template_version = t.template_version, subject = t.subject, text = t.text, segments = t.segments
    from unnest(${column('messageId')}::bigint[], ${column('address')}::text[], ${column('purpose')}::text[],
      ${column('locale')}::text[], ${column('templateVersion')}::int[], ${column('subject')}::text[],
      ${column('text')}::text[], ${column('segments')}::smallint[])
      as t(id, address, purpose, locale, template_version, subject, text, segments) where m.id = t.id`;
};

/** A message that waits for something other than its turn. */
export interface WaitingMessage {
  id: number;
  channel: Channel;
  purpose: Purpose;
  attempts: number;
  unknownTimes: number;
  expiresAt: string;
  attemptedAt: string;
  sentAt: string | null;
  providerMessageId: string | null;
  state: 'sending' | 'unknown' | 'sent' | 'undelivered';
}

/** Takes messages of a state and channel whose time has come, oldest first; what others hold is passed over. */
export const lockWaiting = (
  tx: Tx,
  which: { state: WaitingMessage['state']; channel: Channel; limit: number },
  now: Temporal.Instant,
): Promise<WaitingMessage[]> =>
  tx<
    WaitingMessage[]
  >`select id, channel, purpose, attempts, unknown_times as "unknownTimes", expires_at as "expiresAt",
      attempted_at as "attemptedAt", sent_at as "sentAt", provider_message_id as "providerMessageId", state
    from message where state = ${which.state} and channel = ${which.channel} and due_at <= ${now.toString()}::timestamptz
    order by due_at limit ${which.limit} for update skip locked`;

/** Sets when messages are looked at again, without moving them. */
export const setDue = async (tx: Queryable, ids: readonly number[], dueAt: Temporal.Instant | null): Promise<void> => {
  await tx`update message set due_at = ${dueAt?.toString() ?? null}::timestamptz where id = any(${[...ids]}::bigint[])`;
};

/** Messages by the provider's id, held until the transaction ends. */
export const lockByProviderIds = (
  tx: Tx,
  channel: Channel,
  providerMessageIds: readonly string[],
): Promise<(WaitingMessage & { address: string | null })[]> =>
  tx<
    (WaitingMessage & { address: string | null })[]
  >`select id, channel, purpose, attempts, unknown_times as "unknownTimes",
      expires_at as "expiresAt", attempted_at as "attemptedAt", sent_at as "sentAt",
      provider_message_id as "providerMessageId", state, address
    from message where channel = ${channel} and provider_message_id = any(${[...providerMessageIds]}::text[])
    order by id for update`;

/** Queued messages of a customer, held until the transaction ends. */
export const lockQueuedOf = (tx: Tx, customerId: string): Promise<{ id: number; attempts: number }[]> =>
  tx<{ id: number; attempts: number }[]>`select id, attempts from message
    where customer_id = ${customerId} and state = 'queued' order by id for update`;

/** Forgets what messages of a customer said and where they went; that they were sent stays. */
export const scrubMessages = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`update message set params = '{}', address = null, subject = null, text = null where customer_id = ${customerId}
    and (params <> '{}' or address is not null or subject is not null or text is not null)`;
};

/** Gives a merged customer's messages to the one it went into. */
export const reassignMessages = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`update message set customer_id = ${into} where customer_id = ${from}`;
};
