import type { Purchase } from '../load/deeds.ts';

/** What a rule gave for an order of tea: booked once for each, with the points that it is worth. Returns how many were looked at. */
export const teaEarned = (
  purchases: readonly Purchase[],
  rows: readonly { orderId: string; points: number }[],
  perMinor: number,
  wrong: (kind: 'lost' | 'misvalued', example: string) => void,
): number => {
  const byOrder = new Map(rows.map((row) => [row.orderId, row]));
  const tea = purchases.filter(({ category }) => category === 'tea');
  for (const { orderId, totalMinor } of tea) {
    const due = Math.floor(totalMinor / perMinor);
    const row = byOrder.get(orderId);
    if (!row) wrong('lost', orderId);
    else if (row.points !== due) wrong('misvalued', `${orderId} earned ${row.points}, ${due} expected`);
  }
  return tea.length;
};
