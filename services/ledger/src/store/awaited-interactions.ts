import { plainArray, type Tx, textList } from '@vafa/bus';
import type { Interaction } from '../domain/activate.ts';
import { isoOfMs, msOf } from './instants.ts';

/** Of one customer and type in a day (UTC) so many are kept, about. */
const MAX_KEPT_PER_DAY = 100;

/** Of an interaction that is about no order in particular. */
const NO_ORDER = '';

/** Keeps interactions; one that is kept already changes nothing. The accounts of their customers are locked. */
export const keepInteractions = async (
  tx: Tx,
  interactions: readonly (Interaction & { customerId: string })[],
  recordedAt: string,
): Promise<void> => {
  const texts = (pick: (interaction: Interaction & { customerId: string }) => string) =>
    textList(tx, interactions.map(pick));
  await tx`
    insert into awaited_interaction (customer_id, interaction_type, occurred_at, order_id, recorded_at)
    select customer_id, interaction_type, occurred_at, order_id, ${recordedAt}::timestamptz
    from unnest(
      ${texts(({ customerId }) => customerId)}, ${texts(({ type }) => type)},
      ${plainArray(interactions.map(({ atMs }) => isoOfMs(atMs)))}::timestamptz[],
      ${texts(({ orderId }) => orderId ?? NO_ORDER)}
    ) as u (customer_id, interaction_type, occurred_at, order_id)
    where not exists (
      select from awaited_interaction a
      where a.customer_id = u.customer_id and a.interaction_type = u.interaction_type
        and a.occurred_at >= date_trunc('day', u.occurred_at, 'UTC')
        and a.occurred_at < date_trunc('day', u.occurred_at, 'UTC') + interval '24 hours'
      offset ${MAX_KEPT_PER_DAY - 1}
    )
    order by customer_id, interaction_type, occurred_at, order_id
    on conflict do nothing`;
};

/** What points await, and between which instants it must come: from the first on, before the other. */
export interface Awaiting {
  customerId: string;
  type: string;
  fromMs: number;
  beforeMs: number;
  /** Of the entry; null = no order brought it. */
  orderId: string | null;
}

/**
 * The earliest known interaction that each of them awaits, milliseconds since 1970, by its place in the list, in
 * the order of the list; those for which none is known are left out. The accounts of the customers are locked, so that none is told
 * at the same moment.
 */
export const findInteractions = async (tx: Tx, awaiting: readonly Awaiting[]): Promise<Map<number, number>> => {
  const texts = (pick: (each: Awaiting) => string) => textList(tx, awaiting.map(pick));
  const rows = await tx<{ place: number; atMs: number }[]>`
    select u.place::integer as place, ${tx.unsafe(msOf('done.occurred_at'))} as "atMs"
    from unnest(
      ${texts(({ customerId }) => customerId)}, ${texts(({ type }) => type)},
      ${plainArray(awaiting.map(({ fromMs }) => isoOfMs(fromMs)))}::timestamptz[],
      ${plainArray(awaiting.map(({ beforeMs }) => isoOfMs(beforeMs)))}::timestamptz[],
      ${texts(({ orderId }) => orderId ?? NO_ORDER)}
    ) with ordinality as u (customer_id, interaction_type, from_at, before_at, order_id, place)
    cross join lateral (
      select a.occurred_at from awaited_interaction a
      where a.customer_id = u.customer_id and a.interaction_type = u.interaction_type
        and a.occurred_at >= u.from_at and a.occurred_at < u.before_at and a.order_id in (${NO_ORDER}, u.order_id)
      order by a.occurred_at limit 1
    ) as done
    order by u.place`;
  return new Map(rows.map(({ place, atMs }) => [place - 1, atMs]));
};

/** What one customer did counts for the other, too. Both accounts are locked. */
export const giveInteractions = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`
    insert into awaited_interaction (customer_id, interaction_type, occurred_at, order_id, recorded_at)
    select ${into}, interaction_type, occurred_at, order_id, recorded_at from awaited_interaction where customer_id = ${from}
    order by interaction_type, occurred_at, order_id
    on conflict do nothing`;
  await forgetInteractions(tx, from);
};

export const forgetInteractions = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from awaited_interaction where customer_id = ${customerId}`;
};

/** Forgets what was recorded before an instant, the oldest first; so many rows at most. Returns how many. */
export const deleteOldInteractions = async (tx: Tx, beforeIso: string, limit: number): Promise<number> => {
  const rows = await tx`
    delete from awaited_interaction where ctid = any(array(
      select ctid from awaited_interaction where recorded_at < ${beforeIso}::timestamptz
      order by recorded_at limit ${limit} for update skip locked))`;
  return rows.count;
};
