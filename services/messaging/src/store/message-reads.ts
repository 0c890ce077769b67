import type { Queryable } from '@vafa/bus';
import type { MessageCause } from '@vafa/contracts';
import type { MessageState } from '../domain/message-state.ts';
import type { Channel, Purpose } from '../domain/purposes.ts';

interface HistoryLine {
  at: string;
  state: MessageState;
  detail: string | null;
}

/** A message as it is shown, its address not yet masked. */
export interface MessageRow {
  id: number;
  requestId: string;
  customerId: string;
  channel: Channel;
  purpose: Purpose;
  templateId: string;
  templateVersion: number | null;
  locale: string | null;
  state: MessageState;
  reason: string | null;
  cause: MessageCause;
  requestedAt: string;
  expiresAt: string;
  createdAt: string;
  dueAt: string | null;
  sentAt: string | null;
  attempts: number;
  address: string | null;
  subject: string | null;
  text: string | null;
  segments: number | null;
  costRial: number | null;
  providerMessageId: string | null;
  history: HistoryLine[];
}

const COLUMNS = `m.id, m.request_id as "requestId", m.customer_id as "customerId", m.channel, m.purpose,
  m.template_id as "templateId", m.template_version as "templateVersion", m.locale, m.state, m.reason, m.cause,
  m.requested_at as "requestedAt", m.expires_at as "expiresAt", m.created_at as "createdAt", m.due_at as "dueAt",
  m.sent_at as "sentAt", m.attempts, m.address, m.subject, m.text, m.segments, m.cost_rial as "costRial",
  m.provider_message_id as "providerMessageId",
  (select coalesce(jsonb_agg(jsonb_build_object('at', e.at, 'state', e.state, 'detail', e.detail) order by e.id), '[]')
    from message_event e where e.message_id = m.id) as history`;

export const findMessage = async (sql: Queryable, id: number): Promise<MessageRow | undefined> => {
  const [row] = await sql<MessageRow[]>`select ${sql.unsafe(COLUMNS)} from message m where m.id = ${id}`;
  return row;
};

export const findByRequest = async (sql: Queryable, requestId: string): Promise<MessageRow | undefined> => {
  const [row] = await sql<MessageRow[]>`select ${sql.unsafe(COLUMNS)} from message m where m.request_id = ${requestId}`;
  return row;
};

/** A customer's messages, newest first, from before a given id on. */
export const listCustomerMessages = (
  sql: Queryable,
  customerId: string,
  page: { beforeId: number | null; limit: number },
): Promise<MessageRow[]> =>
  sql<MessageRow[]>`select ${sql.unsafe(COLUMNS)} from message m where m.customer_id = ${customerId}
    and (${page.beforeId}::bigint is null or m.id < ${page.beforeId}::bigint) order by m.id desc limit ${page.limit}`;

export interface OutcomeCount {
  channel: Channel;
  purpose: Purpose;
  state: MessageState;
  reason: string | null;
  count: number;
}

/** Messages by what became of them, created within [from, to). */
export const countOutcomes = (
  sql: Queryable,
  span: { from: string | null; to: string | null; causeId: string | null },
): Promise<OutcomeCount[]> =>
  sql<
    OutcomeCount[]
  >`select channel, purpose, state, case when state in ('failed', 'suppressed', 'undelivered') then reason end as reason,
      count(*) as count
    from message
    where (${span.from}::timestamptz is null or created_at >= ${span.from}::timestamptz)
      and (${span.to}::timestamptz is null or created_at < ${span.to}::timestamptz)
      and (${span.causeId}::text is null or cause->>'id' = ${span.causeId})
    group by 1, 2, 3, 4 order by 1, 2, 3, 4`;

/** The newest message of each customer that was sent on a channel. */
export const findNewestSent = (
  sql: Queryable,
  customerIds: readonly string[],
  channel: Channel,
): Promise<{ id: number; customerId: string }[]> =>
  sql<
    { id: number; customerId: string }[]
  >`select distinct on (customer_id) customer_id as "customerId", id from message
    where customer_id = any(${[...customerIds]}::text[]) and channel = ${channel} and sent_at is not null
    order by customer_id, id desc`;
