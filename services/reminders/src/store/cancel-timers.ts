import type { Tx } from '@vafa/bus';

/** Why a timer was cancelled. */
export type CancelReason =
  | 'bought_again'
  | 'refunded'
  | 'by_event'
  | 'by_request'
  | 'definition_stopped'
  | 'merged'
  | 'erased';

/** Which definition each cancelled timer was of. */
type Cancelled = { definitionId: string }[];

/**
 * Cancels what older purchases of the category had set: of each pair of definition and customer, all but the given
 * order's. Rows are locked by customer, as everywhere, so that two transactions can't block each other.
 */
export const cancelReplaced = (
  tx: Tx,
  newer: readonly { definitionId: string; customerId: string; orderId: string }[],
  now: Temporal.Instant,
): Promise<Cancelled> =>
  tx<Cancelled>`update timer set status = 'cancelled', reason = 'bought_again', settled_at = ${now.toString()}::timestamptz
    where id in (select t.id from timer t join unnest(${newer.map(({ definitionId }) => definitionId)}::text[],
        ${newer.map(({ customerId }) => customerId)}::text[], ${newer.map(({ orderId }) => orderId)}::text[])
        as newer (definition_id, customer_id, order_id)
        on t.definition_id = newer.definition_id and t.customer_id = newer.customer_id and t.occurrence <> newer.order_id
      where t.status = 'scheduled' order by t.customer_id, t.id for update of t)
    returning definition_id as "definitionId"`;

/** Cancels what refunded orders had set, of the definitions given. */
export const cancelRefunded = (
  tx: Tx,
  definitionIds: readonly string[],
  refunds: readonly { customerId: string; orderId: string }[],
  now: Temporal.Instant,
): Promise<Cancelled> =>
  tx<Cancelled>`update timer set status = 'cancelled', reason = 'refunded', settled_at = ${now.toString()}::timestamptz
    where id in (select t.id from timer t join unnest(${refunds.map(({ customerId }) => customerId)}::text[],
        ${refunds.map(({ orderId }) => orderId)}::text[]) as refund (customer_id, order_id)
        on t.customer_id = refund.customer_id and t.occurrence = refund.order_id
      where t.definition_id = any(${[...definitionIds]}::text[]) and t.status = 'scheduled'
      order by t.customer_id, t.id for update of t)
    returning definition_id as "definitionId"`;

/** Cancels single reminders that an event of the type ends, if it happened after they were set. */
export const cancelByEvent = (
  tx: Tx,
  events: readonly { type: string; customerId: string; time: string }[],
  now: Temporal.Instant,
): Promise<Cancelled> =>
  tx<Cancelled>`update timer set status = 'cancelled', reason = 'by_event', settled_at = ${now.toString()}::timestamptz
    where id in (select t.id from timer t
      where t.status = 'scheduled' and t.cancel_on is not null
        and t.customer_id = any(${events.map(({ customerId }) => customerId)}::text[])
        and exists (select from unnest(${events.map(({ customerId }) => customerId)}::text[],
          ${events.map(({ type }) => type)}::text[], ${events.map(({ time }) => time)}::text[]) as told (customer_id, type, time)
          where told.customer_id = t.customer_id and told.type = any(t.cancel_on) and told.time::timestamptz >= t.created_at)
      order by t.customer_id, t.id for update of t)
    returning definition_id as "definitionId"`;

/** Cancels a portion of what stopped definitions had set. */
export const cancelStopped = (tx: Tx, portion: number, now: Temporal.Instant): Promise<Cancelled> =>
  tx<Cancelled>`update timer set status = 'cancelled', reason = 'definition_stopped', settled_at = ${now.toString()}::timestamptz
    where id in (select due.id from definition cross join lateral (
        select t.id from timer t where t.definition_id = definition.id and t.status = 'scheduled'
        order by t.due_at limit ${portion} for update skip locked) due
      where definition.status = 'stopped' limit ${portion})
    returning definition_id as "definitionId"`;

/** After a merge: of two timers of a definition the one of the newest purchase stands. */
export const cancelOutdone = (tx: Tx, customerId: string, now: Temporal.Instant): Promise<Cancelled> =>
  tx<Cancelled>`update timer set status = 'cancelled', reason = 'bought_again', settled_at = ${now.toString()}::timestamptz
    from definition join last_purchase last on last.category = definition.category and last.customer_id = ${customerId}
    where definition.kind = 'replenishment' and timer.definition_id = definition.id and timer.customer_id = ${customerId}
      and timer.status = 'scheduled' and timer.occurrence <> last.order_id
    returning timer.definition_id as "definitionId"`;

/** Gives a customer's timers to another; an occurrence that the other has too stays the other's. */
export const moveTimers = async (tx: Tx, from: string, into: string): Promise<Cancelled> => {
  const dropped = await tx<
    (Cancelled[number] & { status: string })[]
  >`delete from timer old where old.customer_id = ${from}
    and exists (select from timer kept where kept.customer_id = ${into} and kept.definition_id = old.definition_id
      and kept.occurrence = old.occurrence)
    returning definition_id as "definitionId", status`;
  await tx`update timer set customer_id = ${into} where customer_id = ${from}`;
  return dropped.filter(({ status }) => status === 'scheduled');
};

/** Removes a customer's timers and returns those that were still to come. */
export const deleteTimers = async (tx: Tx, customerId: string): Promise<Cancelled> => {
  const gone = await tx<(Cancelled[number] & { status: string })[]>`delete from timer where customer_id = ${customerId}
    returning definition_id as "definitionId", status`;
  return gone.filter(({ status }) => status === 'scheduled');
};
