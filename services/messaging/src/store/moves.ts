import type { Tx } from '@vafa/bus';
import type { MessageCause } from '@vafa/contracts';
import type { MessageState } from '../domain/message-state.ts';
import type { Channel, Purpose } from '../domain/purposes.ts';

/** A message's step from one state to the next. It is only made if the message still is where it is thought to be. */
export interface Move {
  messageId: number;
  from: MessageState;
  /** The claim that the step belongs to: an older claim's late result moves nothing. */
  attempts: number;
  to: MessageState;
  dueAt: Temporal.Instant | null;
  reason: string | null;
  /** For the history, where the reason alone does not tell. */
  detail?: string;
  providerMessageId?: string | null;
  providerStatus?: number | null;
  costRial?: number | null;
}

/** A step that was made. */
export interface Moved {
  id: number;
  requestId: string;
  customerId: string;
  channel: Channel;
  purpose: Purpose;
  templateId: string;
  state: MessageState;
  reason: string | null;
  cause: MessageCause;
  traceparent: string | null;
  attempts: number;
  address: string | null;
  providerMessageId: string | null;
}

const COLUMNS = `m.id, m.request_id as "requestId", m.customer_id as "customerId", m.channel, m.purpose,
  m.template_id as "templateId", m.state, m.reason, m.cause, m.traceparent, m.attempts, m.address,
  m.provider_message_id as "providerMessageId"`;

/** Makes the steps in one statement and returns those that were made, oldest message first. */
export const moveRows = async (tx: Tx, moves: readonly Move[], now: Temporal.Instant): Promise<Moved[]> => {
  const at = now.toString();
  const rows = await tx<Moved[]>`
    update message m set
      state = t.state, reason = t.reason, due_at = t.due_at,
      attempts = m.attempts + (t.state = 'sending')::int,
      attempted_at = case when t.state = 'sending' then ${at}::timestamptz else m.attempted_at end,
      unknown_times = m.unknown_times + (t.state = 'unknown' and m.state <> 'unknown')::int,
      counted_at = case
        when t.state in ('failed', 'suppressed') then null
        when t.state = 'sending' then ${at}::timestamptz
        when t.state = 'queued' then t.due_at
        else m.counted_at end,
      sent_at = case when t.state = 'sent' then coalesce(m.sent_at, ${at}::timestamptz) else m.sent_at end,
      -- What has gone or never will need not be filled in again.
      params = case when t.state in ('queued', 'sending', 'unknown') then m.params else '{}' end,
      provider_message_id = coalesce(t.provider_message_id, m.provider_message_id),
      provider_status = coalesce(t.provider_status, m.provider_status),
      cost_rial = coalesce(t.cost_rial, m.cost_rial)
    from unnest(
      ${moves.map(({ messageId }) => messageId)}::bigint[], ${moves.map(({ from }) => from)}::text[],
      ${moves.map(({ attempts }) => attempts)}::int[], ${moves.map(({ to }) => to)}::text[],
      ${moves.map(({ dueAt }) => dueAt?.toString() ?? null)}::timestamptz[],
      ${moves.map(({ reason }) => reason)}::text[],
      ${moves.map(({ providerMessageId }) => providerMessageId ?? null)}::text[],
      ${moves.map(({ providerStatus }) => providerStatus ?? null)}::smallint[],
      ${moves.map(({ costRial }) => costRial ?? null)}::bigint[]
    ) as t(id, from_state, attempts, state, due_at, reason, provider_message_id, provider_status, cost_rial)
    where m.id = t.id and m.state = t.from_state and m.attempts = t.attempts
    returning ${tx.unsafe(COLUMNS)}`;
  return rows.toSorted((a, b) => a.id - b.id);
};

/** Messages as events about them need them, held until the transaction ends. */
export const holdMessages = (tx: Tx, ids: readonly number[]): Promise<Moved[]> =>
  tx<
    Moved[]
  >`select ${tx.unsafe(COLUMNS)} from message m where m.id = any(${[...ids]}::bigint[]) order by m.id for update`;

/** Adds to the history. */
export const addHistory = async (
  tx: Tx,
  lines: readonly { messageId: number; state: MessageState; detail: string | null }[],
  now: Temporal.Instant,
): Promise<void> => {
  if (lines.length === 0) return;
  await tx`insert into message_event (message_id, at, state, detail)
    select id, ${now.toString()}::timestamptz, state, detail from unnest(
      ${lines.map(({ messageId }) => messageId)}::bigint[], ${lines.map(({ state }) => state)}::text[],
      ${lines.map(({ detail }) => detail)}::text[]) as t(id, state, detail)`;
};
