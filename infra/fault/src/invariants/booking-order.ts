import { createFinding, type Invariant } from './finding.ts';

/** Each customer's purchases were booked in the order in which they were acknowledged. */
export const bookingOrder: Invariant = async ({ sql, expected }) => {
  const { finding, wrong } = createFinding('booked in order of the source', ['inverted']);
  const rows = await sql<{ customerId: string; orderIds: string[] }[]>`
    select customer_id as "customerId", array_agg(order_id order by seq) as "orderIds"
    from ledger.transfer where kind = 'earn' group by customer_id`;
  for (const { customerId, orderIds } of rows) {
    const source = expected.get(customerId)?.orderIds;
    if (!source) continue;
    finding.checked += 1;
    const place = new Map(source.map((orderId, i) => [orderId, i]));
    // What was lost or doubled is another invariant's: here only the order counts.
    const places = [...new Set(orderIds)].flatMap((orderId) => place.get(orderId) ?? []);
    const at = places.findIndex((each, i) => i > 0 && each < (places[i - 1] as number));
    if (at > 0)
      wrong('inverted', `${customerId}: ${source[places[at] as number]} after ${source[places[at - 1] as number]}`);
  }
  return [finding];
};
