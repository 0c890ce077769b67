import type { Queryable, Tx } from '@vafa/bus';
import type { MessageCause } from '@vafa/contracts';
import type { MessageState } from '../domain/message-state.ts';
import type { Channel, Purpose } from '../domain/purposes.ts';
import type { Moved } from './moves.ts';

/** A message request with what was decided of it. */
export interface NewMessage {
  requestId: string;
  customerId: string;
  channel: Channel;
  purpose: Purpose;
  urgent: boolean;
  templateId: string;
  params: Record<string, unknown>;
  cause: MessageCause;
  traceparent: string | null;
  requestedAt: string;
  expiresAt: string;
  state: Extract<MessageState, 'queued' | 'suppressed'>;
  reason: string | null;
  dueAt: Temporal.Instant | null;
}

/** Keeps the messages whose request is not known yet and returns those: a request that comes again changes nothing. */
export const insertMessages = async (
  tx: Tx,
  messages: readonly NewMessage[],
  now: Temporal.Instant,
): Promise<Moved[]> => {
  if (messages.length === 0) return [];
  const column = <Key extends keyof NewMessage>(key: Key) => messages.map((message) => message[key]);
  const texts = (key: keyof NewMessage) => column(key) as (string | null)[];
  const rows = await tx<Moved[]>`
    insert into message (request_id, customer_id, channel, purpose, urgent, template_id, params, cause, traceparent,
      requested_at, expires_at, created_at, state, reason, due_at, counted_at)
    select request_id, customer_id, channel, purpose, urgent, template_id, params::jsonb, cause::jsonb, traceparent,
      requested_at, expires_at, ${now.toString()}::timestamptz, state, reason, due_at, due_at
    from unnest(${texts('requestId')}::text[], ${texts('customerId')}::text[], ${texts('channel')}::text[],
      ${texts('purpose')}::text[], ${column('urgent').map(String)}::text[]::boolean[], ${texts('templateId')}::text[],
      ${column('params').map((params) => JSON.stringify(params))}::text[],
      ${column('cause').map((cause) => JSON.stringify(cause))}::text[], ${texts('traceparent')}::text[],
      ${texts('requestedAt')}::timestamptz[], ${texts('expiresAt')}::timestamptz[], ${texts('state')}::text[],
      ${texts('reason')}::text[], ${column('dueAt').map((dueAt) => dueAt?.toString() ?? null)}::timestamptz[])
      with ordinality as t(request_id, customer_id, channel, purpose, urgent, template_id, params, cause, traceparent,
        requested_at, expires_at, state, reason, due_at, n)
    order by n
    on conflict (request_id) do nothing
    returning id, request_id as "requestId", customer_id as "customerId", channel, purpose, template_id as "templateId",
      state, reason, cause, traceparent, attempts, address, provider_message_id as "providerMessageId"`;
  return rows.toSorted((a, b) => a.id - b.id);
};

export const findKnownRequests = async (tx: Queryable, requestIds: readonly string[]): Promise<Set<string>> => {
  const rows = await tx<{ requestId: string }[]>`
    select request_id as "requestId" from message where request_id = any(${[...requestIds]}::text[])`;
  return new Set(rows.map(({ requestId }) => requestId));
};

export interface CountedMessage {
  id: number;
  customerId: string;
  countedAt: string;
  queued: boolean;
}

/** Advertisements of the customers that count against the caps, sent or planned, since a week before `now`. */
export const findCounted = (
  tx: Queryable,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<CountedMessage[]> =>
  tx<
    CountedMessage[]
  >`select id, customer_id as "customerId", counted_at as "countedAt", state = 'queued' as queued from message
    where purpose = 'promotional' and customer_id = any(${[...customerIds]}::text[])
      and counted_at > ${now.subtract({ hours: 168 }).toString()}::timestamptz`;
