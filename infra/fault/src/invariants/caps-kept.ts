import { TEA } from '../shop.ts';
import { createFinding, type Invariant } from './finding.ts';

interface Given {
  ruleId: string;
  /** An empty text: everybody. */
  customerId: string;
  given: number;
  counted: number;
}

const EVERYBODY = '';

/**
 * What rules with caps gave: never beyond the cap, and all that was due below it. Which order met the cap does not matter
 * here: in sum it is the lesser of the two. Counters are compared with what they count, in one statement, so of one moment.
 */
export const capsKept: Invariant = async ({ sql, done, expected, shop }) => {
  const { finding, wrong } = createFinding('caps kept', ['beyond', 'wrong sum', 'miscounted']);
  const { capped, shared } = TEA;
  const rows = await sql<Given[]>`
    with given as (
      select rule_id, customer_id, sum(amount) as points from ledger.transfer
      where kind = 'earn' and rule_id = ${capped.ruleId} group by 1, 2
      union all
      select rule_id, ${EVERYBODY}, sum(amount) from ledger.transfer where kind = 'earn' and rule_id = ${shared.ruleId} group by 1
    )
    select coalesce(g.rule_id, c.rule_id) as "ruleId", coalesce(g.customer_id, c.customer_id) as "customerId",
      coalesce(g.points, 0)::bigint as given, coalesce(c.points, 0)::bigint as counted
    from given g full join ledger.rule_counter c on c.rule_id = g.rule_id and c.customer_id = g.customer_id`;
  const told = ({ ruleId, customerId }: Given): string => `${ruleId} of ${customerId}`;
  const given = new Map(rows.map((row) => [told(row), row.given]));
  finding.checked = rows.length;
  for (const row of rows) {
    const limit = row.ruleId === shared.ruleId ? shop.budgetPoints : shop.capPoints;
    if (row.given > limit) wrong('beyond', `${told(row)}: ${row.given} points, the cap is ${limit}`);
    if (row.given !== row.counted) wrong('miscounted', `${told(row)}: gave ${row.given}, counted ${row.counted}`);
  }

  const tea = done.purchases.filter(({ category }) => category === 'tea');
  for (const customerId of expected.keys()) {
    const due = tea
      .filter((purchase) => purchase.customerId === customerId)
      .reduce((sum, { totalMinor }) => sum + Math.floor(totalMinor / capped.perMinor), 0);
    const owed = Math.min(shop.capPoints, due);
    const had = given.get(`${capped.ruleId} of ${customerId}`) ?? 0;
    if (had !== owed) wrong('wrong sum', `${customerId}: ${had} points of ${capped.ruleId}, ${owed} expected`);
  }
  const had = given.get(`${shared.ruleId} of ${EVERYBODY}`) ?? 0;
  const least = Math.min(shop.budgetPoints, tea.length * shared.points);
  // Orders without an answer may have been booked, and have got their part.
  const most = Math.min(shop.budgetPoints, (tea.length + done.unanswered.length) * shared.points);
  if (had < least || had > most) wrong('wrong sum', `${had} points out of the budget, ${least} to ${most} expected`);
  return [finding];
};
