import { randomBytes } from 'node:crypto';
import type { InRecord } from '@vafa/bus';
import { encodeEvent, event, PurchaseCompleted, Topics } from '@vafa/contracts';

export const PARTITIONS = 8;

/** What a bus of the bench hands over. */
export interface Source {
  topic: string;
  partitions: number;
  /** A record of this moment. */
  make: (partition: number, offset: bigint) => InRecord;
}

/** All ids are of one length, so that they can be written over another's. */
export const CUSTOMER_BASE = 10_000_000;
const customerId = (number: number): string => `customer-${CUSTOMER_BASE + number}`;

const ORDER_BASE = 10_000_000_000;
const orderId = (moment: string, run: string, number: number): string => `${moment}-${run}-${ORDER_BASE + number}`;
/** What order ids of a millisecond begin with. */
const momentOf = (ms: number): string => ms.toString(36);

/** Records that differ in amount alone: what is left to do for a new one is to write its ids. */
const TEMPLATES = 1_024;

interface Template {
  headers: Record<string, string>;
  value: Buffer;
  customerAt: number;
  orderAt: number;
}

const makeTemplate = (draw: (below: number) => number, run: string): Template => {
  const [customer, order] = [customerId(0), orderId(momentOf(Date.now()), run, 0)];
  const amount = 100_000 + draw(5_000_000);
  const { headers, value } = encodeEvent(
    event(
      PurchaseCompleted,
      { id: `purchase:${order}`, source: '/bench', time: new Date().toISOString() },
      {
        customerId: customer,
        orderId: order,
        currency: 'IRR',
        totalMinor: amount,
        lines: [
          { sku: 'coffee-250', category: 'coffee', quantity: 1, amountMinor: amount >> 1 },
          { sku: 'tea-500', category: 'tea', quantity: 2, amountMinor: amount - (amount >> 1) },
        ],
      },
    ),
  );
  return { headers, value: Buffer.from(value), customerAt: value.indexOf(customer), orderAt: value.indexOf(order) };
};

/**
 * Purchases without end, of uniformly chosen customers of a partition, with order ids that don't repeat and begin with the
 * time, as shops' do. Two lines each, some 300 bytes. They come as bytes, as from a broker, and are encoded beforehand but
 * for their ids: encoding each anew took 3 µs of the thread that books, which is the cost of the load and not of the ledger.
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
  const templates = Array.from({ length: TEMPLATES }, () => makeTemplate(draw, run));
  const topic = Topics.purchases.name;
  let [made, lastMs, time, moment] = [0, 0, '', ''];
  const make = (partition: number, offset: bigint): InRecord => {
    const atMs = Date.now();
    if (atMs !== lastMs) [lastMs, time, moment] = [atMs, new Date(atMs).toISOString(), momentOf(atMs)];
    const template = templates[made % TEMPLATES] as Template;
    const customer = customerId(draw(perPartition) * PARTITIONS + partition);
    const order = orderId(moment, run, made++);
    const value = Buffer.allocUnsafe(template.value.length);
    template.value.copy(value);
    value.write(customer, template.customerAt, 'latin1');
    value.write(order, template.orderAt, 'latin1');
    const headers = { ...template.headers, ce_id: `purchase:${order}`, ce_subject: customer, ce_time: time };
    return { topic, partition, offset, key: customer, headers, value, timestampMs: atMs };
  };
  return { topic, partitions: PARTITIONS, make };
};

/** Microseconds that the load itself takes for a record, of the thread that books. */
export const costOfMaking = ({ make, partitions }: Source, records = 200_000): number => {
  const begun = performance.now();
  for (let i = 0; i < records; i++) make(i % partitions, BigInt(i));
  return ((performance.now() - begun) * 1_000) / records;
};
