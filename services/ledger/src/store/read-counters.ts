import { plainArray, type Queryable, textArray } from '@vafa/bus';
import { type Counter, type CounterKey, counterName } from '../domain/rules/caps.ts';

/** What counters stand at, without locking or making them; those that don't exist are left out. */
export const readCounters = async (db: Queryable, keys: readonly CounterKey[]): Promise<Map<string, Counter>> => {
  if (keys.length === 0) return new Map();
  const rows = await db<Counter[]>`
    select c.rule_id as "ruleId", c.customer_id as "customerId", c.per, c.starts_on::text as "startsOn", c.points, c.awards
    from rule_counter c join unnest(
      ${textArray(keys.map(({ ruleId }) => ruleId))}::text[], ${textArray(keys.map(({ customerId }) => customerId))}::text[],
      ${plainArray(keys.map(({ per }) => per))}::text[], ${plainArray(keys.map(({ startsOn }) => startsOn))}::date[]
    ) as u (rule_id, customer_id, per, starts_on) using (rule_id, customer_id, per, starts_on)`;
  return new Map(rows.map((row) => [counterName(row), row]));
};
