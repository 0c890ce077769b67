import type { Tx } from '@vafa/bus';
import { plainArray, textArray } from '@vafa/bus';
import type { Fragment } from 'postgres';
import { ERASED_PREFIX } from '../domain/plan.ts';
import type { CounterKey } from '../domain/rules/caps.ts';
import type { TierMetric } from '../domain/tiers/structure.ts';
import type { WindowDays } from '../domain/tiers/window.ts';
import { PURCHASE_AMOUNT } from './qualifications.ts';
import { type Found, firstOf } from './verify-rules.ts';

/** Earnings of a rule by a version of the programme, on these days of its zone, are counted by one counter, or by one of each customer. */
export interface CountedDays extends Pick<CounterKey, 'ruleId' | 'per' | 'startsOn'> {
  version: number;
  everybody: boolean;
  timeZone: string;
  /** First day after the period, as an ISO date; null = it never ends. */
  endsBefore: string | null;
}

/**
 * SQL: when an entry `t` happened, as its writer reckoned. A time finer than a microsecond is rounded when it is kept, which may lift it
 * into the next day; the id has its millisecond, see `exactTimeMs`.
 */
const exactly = (id: string, kept: string): string =>
  `(${kept} - case when floor(extract(epoch from ${kept}) * 1000)::bigint
    - ('x' || translate(left(${id}::text, 13), '-', ''))::bit(48)::bigint = 1 then interval '1 ms' else interval '0' end)`;

/** Counters of caps that differ from the entries that they count. Entries stay where they were booked, counters go with a merge. */
export const findMiscounted = async (tx: Tx, limit: number, counted: readonly CountedDays[]): Promise<Found[]> => {
  if (counted.length === 0) return [];
  const wanted = tx`select * from unnest(
      ${textArray(counted.map(({ ruleId }) => ruleId))}::text[], ${plainArray(counted.map(({ version }) => version))}::integer[],
      ${plainArray(counted.map(({ everybody }) => everybody))}::boolean[],
      ${textArray(counted.map(({ timeZone }) => timeZone))}::text[], ${plainArray(counted.map(({ per }) => per))}::text[],
      ${plainArray(counted.map(({ startsOn }) => startsOn))}::date[],
      ${plainArray(counted.map(({ endsBefore }) => endsBefore))}::date[]
    ) as w (rule_id, version, everybody, time_zone, per, starts_on, ends_before)`;
  return firstOf(
    tx,
    limit,
    tx`
    select rule_id || ' of ' || coalesce(nullif(customer_id, ''), 'all') as subject, 'counted ' || coalesce(c.points, 0) || ' points of '
      || coalesce(c.awards, 0) || ' awards in the ' || per || ' from ' || starts_on || ', entries ' || coalesce(e.points, 0)
      || ' of ' || coalesce(e.awards, 0) as detail
    from (
      select rule_id, customer_id, per, starts_on, sum(amount) as points, count(*) as awards
      from (
        select w.rule_id, w.per, w.starts_on, t.amount,
          case when w.everybody then '' else coalesce(b.merged_into, t.customer_id) end as customer_id
        from (${wanted}) w join ledger.transfer t on t.rule_id = w.rule_id and t.rule_version = w.version and t.kind = 'earn'
          and (w.ends_before is null or t.occurred_at between w.starts_on - interval '2 days' and w.ends_before + interval '2 days')
          and (w.ends_before is null or (${tx.unsafe(exactly('t.id', 't.occurred_at'))} at time zone w.time_zone)::date
            between w.starts_on and w.ends_before - 1)
        left join ledger.balance b on b.customer_id = t.customer_id
      ) as each group by 1, 2, 3, 4
    ) e full join (
      select * from ledger.rule_counter where (rule_id, customer_id = '', per, starts_on) in (
        select rule_id, everybody, per, starts_on from (${wanted}) as w)
    ) c using (rule_id, customer_id, per, starts_on)
    where (coalesce(c.points, 0) <> coalesce(e.points, 0) or coalesce(c.awards, 0) <> coalesce(e.awards, 0))
      and not starts_with(customer_id, ${ERASED_PREFIX})`,
  );
};

/** Orders and gifts dated so far ahead may skip a whole window: nobody looks when theirs begins. */
const AHEAD = "interval '28 days'";

/** What orders count that no refund has taken anything of, as columns of `purchase p`. */
const GROSS = { points_earned: 'p.points_earned', spend: 'p.total_minor', orders: '1' } as const;

interface Counting {
  metric: TierMetric;
  measure: string;
  timeZone: string;
}

/**
 * What counts towards tiers, one row per order or gift. `unsure`: it is kept as of the first instant of a day, and may have
 * happened in the last microsecond of the day before.
 */
const counting = (tx: Tx, { metric, timeZone }: Counting, amount: string): Fragment => {
  const currency = metric.kind === 'spend' ? metric.currency : null;
  const isFirst = (at: string) => tx`(${tx.unsafe(at)} at time zone ${timeZone})::time = '00:00'`;
  return tx`
    select p.customer_id, (p.occurred_at at time zone ${timeZone})::date as day, ${tx.unsafe(amount)} as amount,
      p.occurred_at > p.recorded_at + ${tx.unsafe(AHEAD)} as ahead,
      ${isFirst('p.occurred_at')} and (p.earn_id is null or ${tx.unsafe(exactly('p.earn_id', 'p.occurred_at'))} <> p.occurred_at) as unsure
    from ledger.purchase p
    where (${currency}::text is null or p.currency = ${currency}) and not starts_with(p.customer_id, ${ERASED_PREFIX})
    union all
    select coalesce(b.merged_into, t.customer_id), (t.occurred_at at time zone ${timeZone})::date, t.amount,
      t.occurred_at > t.recorded_at + ${tx.unsafe(AHEAD)},
      ${isFirst('t.occurred_at')} and ${tx.unsafe(exactly('t.id', 't.occurred_at'))} <> t.occurred_at
    from ledger.transfer t left join ledger.balance b on b.customer_id = t.customer_id
    where ${metric.kind === 'points_earned'} and t.kind = 'earn' and t.order_id is null
      and not starts_with(coalesce(b.merged_into, t.customer_id), ${ERASED_PREFIX})`;
};

/** Days from `firstDay` on whose sum is not what orders, and gifts, come to. */
export const findMisqualified = (tx: Tx, limit: number, what: Counting, firstDay: string): Promise<Found[]> =>
  firstOf(
    tx,
    limit,
    tx`
    with c as materialized (
      select customer_id, day, sum(amount) as amount, bool_or(unsure) as unsure
      from (${counting(tx, what, PURCHASE_AMOUNT[what.metric.kind])}) as each
      where day >= ${firstDay}::date group by 1, 2
    )
    select customer_id as subject, coalesce(q.amount, 0) || ' count on ' || day || ', orders and gifts come to '
      || coalesce(c.amount, 0) as detail
    from c full join (
      select customer_id, day, amount from ledger.qualification
      where measure = ${what.measure} and day >= ${firstDay}::date and not starts_with(customer_id, ${ERASED_PREFIX})
    ) q using (customer_id, day)
    where coalesce(c.amount, 0) <> coalesce(q.amount, 0) 
      and not exists (select from c as those where unsure and those.customer_id = coalesce(q.customer_id, c.customer_id))`,
  );

/** Levels with what they ask for, lowest first. */
export interface Asked {
  tier: string;
  threshold: number;
}

const askedRows = (tx: Tx, levels: readonly Asked[]): Fragment =>
  tx`unnest(${textArray(levels.map(({ tier }) => tier))}::text[],
    ${plainArray(levels.map(({ threshold }) => threshold))}::bigint[]) with ordinality as l (tier, threshold, place)`;

/** Customers of whom so much counts in the open window that they should have a higher tier. */
export const findUnderrated = (
  tx: Tx,
  limit: number,
  what: Counting,
  levels: readonly Asked[],
  { first, last }: WindowDays,
): Promise<Found[]> =>
  firstOf(
    tx,
    limit,
    tx`
    select q.customer_id as subject, 'has the tier ' || coalesce(s.tier, 'none') || ', ' || q.amount || ' in the open window are enough for '
      || earned.tier as detail
    from (
      select customer_id, sum(amount) as amount from ledger.qualification
      where measure = ${what.measure} and day >= ${first}::date and (${last}::date is null or day <= ${last}::date)
        and not starts_with(customer_id, ${ERASED_PREFIX})
      group by 1
    ) q cross join lateral (
      select tier, place from ${askedRows(tx, levels)} where threshold <= q.amount and threshold > 0 order by place desc limit 1
    ) as earned
    left join ledger.tier_state s on s.customer_id = q.customer_id
    left join (select tier, place from ${askedRows(tx, levels)}) as had on had.tier = s.tier
    where coalesce(had.place, 0) < earned.place and not exists (
      select from (${counting(tx, what, '0')}) as each where ahead and each.customer_id = q.customer_id)`,
  );

/**
 * Customers with a tier that they can't ever have reached: what they did in any so many days, were nothing of it refunded, is
 * less than the tier asks for.
 */
export const findOverrated = (
  tx: Tx,
  limit: number,
  what: Counting,
  levels: readonly Asked[],
  windowDays: number,
): Promise<Found[]> =>
  firstOf(
    tx,
    limit,
    tx`
    select s.customer_id as subject, 'has the tier ' || s.tier || ', which asks for ' || l.threshold || ', did '
      || coalesce(most.amount, 0) || ' at most' as detail
    from ledger.tier_state s join ${askedRows(tx, levels)} on l.tier = s.tier
    left join (
      select customer_id, max(within) as amount, bool_or(ahead) as ahead from (
        select customer_id, ahead, sum(amount) over (
          partition by customer_id order by day range between ${`${windowDays} days`}::interval preceding and current row
        ) as within
        from (${counting(tx, what, GROSS[what.metric.kind])}) as each
      ) as days group by 1
    ) most on most.customer_id = s.customer_id
    where coalesce(most.amount, 0) < l.threshold and not coalesce(most.ahead, false)`,
  );
