import type { Queryable, Tx } from '@vafa/bus';
import { plainArray, textArray } from '@vafa/bus';
import type { DaySum, WindowDays } from '../domain/tiers/window.ts';
import { orderIdsOf } from './orders-of.ts';
import { inAnyWeek } from './weeks.ts';

/** What is to be added to a customer's day; negative for refunds. */
export interface QualificationDelta extends DaySum {
  customerId: string;
}

/** Adds to the sums, one row per customer and day. The caller holds the locks of the customers' balance rows. */
export const addQualifications = async (
  tx: Tx,
  measure: string,
  deltas: readonly QualificationDelta[],
): Promise<void> => {
  await tx`
    insert into qualification as q (customer_id, measure, day, amount)
    select customer_id, ${measure}, day, amount
    from unnest(
      ${textArray(deltas.map(({ customerId }) => customerId))}::text[],
      ${plainArray(deltas.map(({ day }) => day))}::date[], ${plainArray(deltas.map(({ amount }) => amount))}::bigint[]
    ) as u (customer_id, day, amount)
    on conflict (customer_id, measure, day) do update set amount = q.amount + excluded.amount`;
};

/** Sum of each of these customers within a window; those without any are left out. */
export const sumQualifications = async (
  db: Queryable,
  measure: string,
  customerIds: readonly string[],
  { first, last }: WindowDays,
): Promise<Map<string, number>> => {
  const rows = await db<{ customerId: string; amount: number }[]>`
    select c.id as "customerId", q.amount from unnest(${textArray(customerIds)}::text[]) as c (id)
    cross join lateral (
      select sum(amount)::bigint as amount from qualification
      where customer_id = c.id and measure = ${measure} and day >= ${first}::date
        and (${last}::date is null or day <= ${last}::date)
    ) as q
    where q.amount is not null`;
  return new Map(rows.map(({ customerId, amount }) => [customerId, amount]));
};

/** Sums by day of customers, each from a day of its own on. */
export const findQualifications = async (
  db: Queryable,
  measure: string,
  wanted: readonly { customerId: string; from: string }[],
): Promise<Map<string, DaySum[]>> => {
  const rows = await db<(DaySum & { customerId: string })[]>`
    select q.customer_id as "customerId", q.day::text as day, q.amount
    from unnest(
      ${textArray(wanted.map(({ customerId }) => customerId))}::text[], ${plainArray(wanted.map(({ from }) => from))}::date[]
    ) as c (id, first)
    cross join lateral (
      select * from qualification where customer_id = c.id and measure = ${measure} and day >= c.first
    ) as q`;
  const byCustomer = new Map<string, DaySum[]>();
  for (const { customerId, day, amount } of rows)
    byCustomer.set(customerId, [...(byCustomer.get(customerId) ?? []), { day, amount }]);
  return byCustomer;
};

/**
 * What an order counts: columns of `purchase p`. Refunded points are those that refunds were to take back. An order of total 0
 * is refunded only as a whole.
 */
export const PURCHASE_AMOUNT = {
  points_earned: `p.points_earned - case
    when p.awards is not null then (select sum((award->>3)::bigint) from jsonb_array_elements(p.awards) as award)
    when p.total_minor = 0 then 0 else floor(p.points_earned::numeric * p.refunded_minor / p.total_minor) end::bigint`,
  spend: 'p.total_minor - p.refunded_minor',
  orders: `case when p.total_minor > 0 then case when p.refunded_minor = p.total_minor then 0 else 1 end
    when exists (select from ledger.refund r where r.customer_id = p.customer_id and r.order_id = p.order_id and r.scope = 'whole'
      and r.status = 'applied') then 0 else 1 end`,
} as const;

/**
 * Counts the sums of customers anew from their orders (and from points they earned without one), in the place of what was
 * counted so far. Orders go with a merge, entries stay where they were booked: those of merged customers are looked up. The
 * caller holds the locks of their balance rows.
 */
export const recountQualifications = async (
  tx: Tx,
  metric: { kind: keyof typeof PURCHASE_AMOUNT; currency?: string },
  measure: string,
  timeZone: string,
  customerIds: readonly string[],
): Promise<void> => {
  const ids = textArray(customerIds);
  const currency = metric.currency ?? null;
  await tx`delete from qualification where customer_id = any(${ids}::text[]) and measure = ${measure}`;
  await tx`
    insert into qualification (customer_id, measure, day, amount)
    select customer_id, ${measure}, day, sum(amount)::bigint from (
      select p.customer_id, (p.occurred_at at time zone ${timeZone})::date as day,
        ${tx.unsafe(PURCHASE_AMOUNT[metric.kind])} as amount
      from purchase p
      where p.order_id = any(${orderIdsOf(tx, customerIds)}) and p.customer_id = any(${ids}::text[])
        and (${currency}::text is null or p.currency = ${currency})
      union all
      select coalesce(b.merged_into, b.customer_id), (t.occurred_at at time zone ${timeZone})::date, t.amount
      from balance b join transfer t on t.customer_id = b.customer_id and ${tx.unsafe(inAnyWeek('transfer', 't'))}
      where ${metric.kind === 'points_earned'} and (b.customer_id = any(${ids}::text[]) or b.merged_into = any(${ids}::text[]))
        and t.kind = 'earn' and t.order_id is null
    ) as counted
    group by customer_id, day`;
};

/** Gives what one customer has counted to another. */
export const moveQualifications = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`
    insert into qualification as q (customer_id, measure, day, amount)
    select ${into}, measure, day, amount from qualification where customer_id = ${from}
    on conflict (customer_id, measure, day) do update set amount = q.amount + excluded.amount`;
  await tx`delete from qualification where customer_id = ${from}`;
};

/** Forgets what counted before a day, of everybody; so many days of customers at most. Returns how many. */
export const deleteOldQualifications = async (tx: Tx, beforeDay: string, limit: number): Promise<number> => {
  const rows = await tx`
    delete from qualification where ctid in (
      select ctid from qualification where day < ${beforeDay}::date limit ${limit} for update skip locked)`;
  return rows.count;
};

export const forgetQualifications = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from qualification where customer_id = ${customerId}`;
};
