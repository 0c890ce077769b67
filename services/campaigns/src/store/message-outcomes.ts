import type { Queryable, Tx } from '@vafa/bus';

/** One thing that became of one message. */
export interface MessageOutcome {
  messageId: string;
  status: string;
  campaignId: string;
  customerId: string;
  triggerKey: string | null;
  requestId: string;
  channel: string;
  templateId: string;
  reason: string | null;
  happenedAt: string;
}

/** In the place of a customer who was erased. The request id holds the customer's, so it goes too. */
export const NOBODY = { customerId: '', triggerKey: null, requestId: '' } as const;

/** Writes outcomes and returns those that are new, of campaigns that exist. */
export const insertOutcomes = (
  tx: Tx,
  outcomes: readonly MessageOutcome[],
): Promise<Pick<MessageOutcome, 'campaignId' | 'status' | 'reason'>[]> =>
  tx<Pick<MessageOutcome, 'campaignId' | 'status' | 'reason'>[]>`
    insert into message_outcome (message_id, status, campaign_id, customer_id, trigger_key, request_id, channel, template_id,
      reason, happened_at)
    select told.message_id, status, campaign_id, customer_id, trigger_key, request_id, channel, template_id, reason,
      happened_at::timestamptz
    from unnest(
      ${outcomes.map(({ messageId }) => messageId)}::text[], ${outcomes.map(({ status }) => status)}::text[],
      ${outcomes.map(({ campaignId }) => campaignId)}::text[], ${outcomes.map(({ customerId }) => customerId)}::text[],
      ${outcomes.map(({ triggerKey }) => triggerKey)}::text[], ${outcomes.map(({ requestId }) => requestId)}::text[],
      ${outcomes.map(({ channel }) => channel)}::text[], ${outcomes.map(({ templateId }) => templateId)}::text[],
      ${outcomes.map(({ reason }) => reason)}::text[], ${outcomes.map(({ happenedAt }) => happenedAt)}::text[])
      as told (message_id, status, campaign_id, customer_id, trigger_key, request_id, channel, template_id, reason, happened_at)
    where exists (select from campaign where id = told.campaign_id)
    order by told.customer_id, told.message_id, told.status
    on conflict do nothing
    returning campaign_id as "campaignId", status, reason`;

/** What became of a customer's messages of a campaign, oldest first. */
export const listOutcomes = async (
  sql: Queryable,
  campaignId: string,
  customerId: string,
  limit: number,
): Promise<MessageOutcome[]> => {
  const rows = await sql<MessageOutcome[]>`select message_id as "messageId", status, campaign_id as "campaignId",
      customer_id as "customerId", trigger_key as "triggerKey", request_id as "requestId", channel,
      template_id as "templateId", reason, happened_at as "happenedAt"
    from message_outcome where customer_id = ${customerId} and campaign_id = ${campaignId}
    order by happened_at, message_id, status limit ${limit}`;
  return rows.map((row) => ({ ...row, happenedAt: Temporal.Instant.from(row.happenedAt).toString() }));
};

export const moveOutcomes = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`update message_outcome set customer_id = ${into} where customer_id = ${from}`;
};

/** Outcomes stay as counts are made by them; whose they were does not. */
export const anonymiseOutcomes = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`update message_outcome set customer_id = ${NOBODY.customerId}, trigger_key = ${NOBODY.triggerKey},
      request_id = ${NOBODY.requestId} where customer_id = ${customerId}`;
};
