import { randomBytes } from 'node:crypto';
import type { InRecord } from '@vafa/bus';
import { encodeEvent, event, PurchaseCompleted, Topics } from '@vafa/contracts';

const PARTITIONS = 8;

/** What a bus of the bench hands over. */
export interface Source {
  topic: string;
  partitions: number;
  make: (partition: number, offset: bigint) => InRecord;
}

/**
 * Purchases without end, of uniformly chosen customers of a partition, with order ids that don't repeat and begin with the
 * time, as shops' do. Two lines each, some 450 bytes.
 */
export const endlessPurchases = (customers: number): Source => {
  const run = randomBytes(3).toString('hex');
  const perPartition = Math.max(1, Math.floor(customers / PARTITIONS));
  let state = 1;
  const draw = (below: number): number => {
    // xorshift: cheap, and the same in every run.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.abs(state) % below;
  };
  const make = (partition: number, offset: bigint): InRecord => {
    const now = Date.now();
    const orderId = `${now.toString(36)}-${run}-${partition}-${offset}`;
    const amount = 100_000 + draw(5_000_000);
    const encoded = encodeEvent(
      event(
        PurchaseCompleted,
        { id: `purchase:${orderId}`, source: '/bench', time: new Date(now).toISOString() },
        {
          customerId: `customer-${draw(perPartition) * PARTITIONS + partition}`,
          orderId,
          currency: 'IRR',
          totalMinor: amount,
          lines: [
            { sku: 'coffee-250', category: 'coffee', quantity: 1, amountMinor: amount >> 1 },
            { sku: 'tea-500', category: 'tea', quantity: 2, amountMinor: amount - (amount >> 1) },
          ],
        },
      ),
    );
    return { ...encoded, partition, offset, timestampMs: now };
  };
  return { topic: Topics.purchases.name, partitions: PARTITIONS, make };
};
