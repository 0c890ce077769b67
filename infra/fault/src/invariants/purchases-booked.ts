import { MINOR_PER_POINT } from '../load/deeds.ts';
import { createFinding, type Invariant } from './finding.ts';

interface Earned {
  orderId: string;
  /** By the rate. */
  points: number;
  entries: number;
  /** The rate, and rules. */
  sources: number;
}

/**
 * Every acknowledged purchase is booked exactly once, with the points it is worth by the rate: compared both ways, order by
 * order. A ledger whose entries sum to zero may still have lost or doubled any of them. Rules have invariants of their own.
 */
export const purchasesBooked: Invariant = async ({ sql, done }) => {
  const { finding, wrong } = createFinding('purchases booked once', ['lost', 'doubled', 'invented', 'misvalued']);
  const rows = await sql<
    Earned[]
  >`select order_id as "orderId", coalesce(sum(amount) filter (where rule_id = 'base'), 0)::bigint as points,
      count(*) as entries, count(distinct rule_id) as sources
    from ledger.transfer where kind = 'earn' group by order_id`;
  const booked = new Map(rows.map((row) => [row.orderId, row]));
  finding.checked = done.purchases.length;
  for (const { orderId, totalMinor } of done.purchases) {
    const row = booked.get(orderId);
    booked.delete(orderId);
    if (!row) wrong('lost', orderId);
    else if (row.entries > row.sources)
      wrong('doubled', `${orderId} has ${row.entries} entries of ${row.sources} rules`);
    else if (row.points !== totalMinor / MINOR_PER_POINT) wrong('misvalued', `${orderId} earned ${row.points}`);
  }
  // Orders bear their customers' names. Leavers' stay booked, and an unanswered one may be booked or not.
  const others = [...done.erasedCustomers, ...done.unanswered].map((id) => `${id}-`);
  for (const orderId of booked.keys())
    if (!others.some((prefix) => orderId.startsWith(prefix))) wrong('invented', orderId);
  return [finding];
};
