import type { Tx } from '@vafa/bus';
import { plainArray, textArray } from '@vafa/bus';
import { type Counter, type CounterKey, counterName, PERIOD_DAYS } from '../domain/rules/caps.ts';

const keyArrays = (keys: readonly CounterKey[]) => ({
  rules: textArray(keys.map(({ ruleId }) => ruleId)),
  customers: textArray(keys.map(({ customerId }) => customerId)),
  periods: plainArray(keys.map(({ per }) => per)),
  starts: plainArray(keys.map(({ startsOn }) => startsOn)),
});

/**
 * Locks counters, in the order of their keys, and reads them; those that don't exist yet begin at 0. The balance rows of the
 * customers are locked before: so nobody who holds a counter waits for a balance.
 */
export const lockCounters = async (tx: Tx, keys: readonly CounterKey[]): Promise<Map<string, Counter>> => {
  const { rules, customers, periods, starts } = keyArrays([
    ...new Map(keys.map((key) => [counterName(key), key])).values(),
  ]);
  const rows = await tx<Counter[]>`
    insert into rule_counter as c (rule_id, customer_id, per, starts_on)
    select * from unnest(${rules}::text[], ${customers}::text[], ${periods}::text[], ${starts}::date[])
      as u (rule_id, customer_id, per, starts_on)
    order by rule_id, customer_id, per, starts_on
    on conflict (rule_id, customer_id, per, starts_on) do update set points = c.points
    returning rule_id as "ruleId", customer_id as "customerId", per, starts_on::text as "startsOn", points, awards`;
  return new Map(rows.map((row) => [counterName(row), row]));
};

/** Writes back counters that this transaction has locked. */
export const saveCounters = async (tx: Tx, counters: readonly Counter[]): Promise<void> => {
  const { rules, customers, periods, starts } = keyArrays(counters);
  await tx`
    update rule_counter c set points = u.points, awards = u.awards
    from unnest(${rules}::text[], ${customers}::text[], ${periods}::text[], ${starts}::date[],
      ${plainArray(counters.map(({ points }) => points))}::bigint[],
      ${plainArray(counters.map(({ awards }) => awards))}::bigint[]
    ) as u (rule_id, customer_id, per, starts_on, points, awards)
    where c.rule_id = u.rule_id and c.customer_id = u.customer_id and c.per = u.per and c.starts_on = u.starts_on`;
};

/** What one customer earned counts for the other: the periods' counters are added. Both balances are locked. */
export const giveCounters = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`
    insert into rule_counter as c (rule_id, customer_id, per, starts_on, points, awards)
    select rule_id, ${into}, per, starts_on, points, awards from rule_counter where customer_id = ${from}
    order by rule_id, per, starts_on
    on conflict (rule_id, customer_id, per, starts_on) do update set points = c.points + excluded.points,
      awards = c.awards + excluded.awards`;
  await forgetCounters(tx, from);
};

/**
 * Forgets counters of periods that were over before a day; those that never start anew stay. So many at most; those that somebody
 * counts by at this moment are skipped. Returns how many.
 */
export const deleteOldCounters = async (tx: Tx, beforeDay: string, limit: number): Promise<number> => {
  const lengths = Object.entries(PERIOD_DAYS);
  const rows = await tx`
    delete from rule_counter where ctid in (
      select c.ctid from rule_counter c
      join unnest(${plainArray(lengths.map(([per]) => per))}::text[], ${plainArray(lengths.map(([, days]) => days))}::integer[])
        as p (per, days) on p.per = c.per
      where c.starts_on < ${beforeDay}::date and c.starts_on + p.days < ${beforeDay}::date
      limit ${limit} for update of c skip locked)`;
  return rows.count;
};

export const forgetCounters = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from rule_counter where customer_id = ${customerId}`;
};
