import { decodeEvent } from '@vafa/contracts';
import { expect, it } from 'vitest';
import { endlessPurchases } from './feed-purchases.ts';

it('makes purchases that decode, each with ids, customer and time of its own', () => {
  const source = endlessPurchases(80_000);
  const begun = Date.now();
  const orders = new Set<string>();
  for (let i = 0; i < 3_000; i++) {
    const decoded = decodeEvent(source.make(i % source.partitions, BigInt(i)));
    if (!decoded.ok) throw new Error(decoded.problem.message);
    const { id, subject, time, data } = decoded.event;
    const { orderId, totalMinor, lines } = data as {
      orderId: string;
      totalMinor: number;
      lines: { amountMinor: number }[];
    };
    expect(id).toBe(`purchase:${orderId}`);
    expect(Date.parse(time)).toBeGreaterThanOrEqual(begun);
    expect(lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0)).toBe(totalMinor);
    // A customer's records all come by one partition.
    expect(Number(subject.slice('customer-'.length)) % source.partitions).toBe(i % source.partitions);
    orders.add(orderId);
  }
  expect(orders.size).toBe(3_000);
});
