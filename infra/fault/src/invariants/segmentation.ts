import { createFinding, type Invariant } from './finding.ts';

/** What segmentation knows of each customer is what the oracle says. */
export const segmentation: Invariant = async ({ sql, expected }) => {
  const { finding, wrong } = createFinding('segmentation as the oracle says', ['wrong orders', 'wrong interactions']);
  const rows = await sql<{ customerId: string; orders: number; interactions: number }[]>`
    select customer_id as "customerId", orders, interactions from segmentation.customer_metric`;
  const known = new Map(rows.map((row) => [row.customerId, row]));
  finding.checked = expected.size;
  for (const [customerId, { orders, interactions }] of expected) {
    const row = known.get(customerId) ?? { orders: 0, interactions: 0 };
    if (row.orders !== orders) wrong('wrong orders', `${customerId}: ${row.orders} orders, ${orders} expected`);
    if (row.interactions !== interactions)
      wrong('wrong interactions', `${customerId}: ${row.interactions} interactions, ${interactions} expected`);
  }
  return [finding];
};
