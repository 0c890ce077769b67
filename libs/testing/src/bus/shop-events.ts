import type { EventHandler, OutRecord } from '@vafa/bus';
import { type EventOf, encodeEvent, event, PurchaseCompleted, PurchaseRefunded, Topics } from '@vafa/contracts';

export type Purchase = EventOf<typeof PurchaseCompleted>;
export const TOPIC = Topics.purchases;
/** What the tests' service says of the topic's events. */
export const HEARD = { handles: [PurchaseCompleted], ignores: [PurchaseRefunded] } as const;
const TIME = '2026-11-21T08:00:00Z';

/** A purchase whose order id tells its customer and its number. */
export const purchase = (customerId: string, number: number, amount = number): Purchase =>
  event(
    PurchaseCompleted,
    { id: `e-${customerId}-${number}`, source: '/test', time: TIME },
    { customerId, orderId: `${customerId}-${number}`, currency: 'IRR', totalMinor: amount, lines: [] },
  );

/** Purchases of some customers in turn, each customer's numbered from 0. */
export const purchases = (count: number, customers: number, from = 0): Purchase[] =>
  Array.from({ length: count }, (_, i) => purchase(`c${(from + i) % customers}`, Math.floor((from + i) / customers)));

/** A purchase's record with something changed, as a careless backend might write it. */
export const damaged = (
  customerId: string,
  number: number,
  change: Partial<OutRecord> & { header?: [string, string] },
) => {
  const record = encodeEvent(purchase(customerId, number));
  const { header, ...rest } = change;
  return { ...record, headers: { ...record.headers, ...(header ? { [header[0]]: header[1] } : {}) }, ...rest };
};

/** Notes each event it is given, without asking whether it was noted before: redelivery would show. */
export const recordEffects: EventHandler<Purchase> = async (tx, events, { group }) => {
  await tx`insert into effect (grp, order_id, customer_id, amount, pid)
    select ${group}, order_id, customer_id, amount, ${process.pid} from unnest(
      ${events.map(({ data }) => data.orderId)}::text[], ${events.map(({ data }) => data.customerId)}::text[],
      ${events.map(({ data }) => data.totalMinor)}::bigint[]) as e(order_id, customer_id, amount)`;
};

/** Books each order once, as real services do. Postgres refuses an amount of 13, and one beyond twelve digits. */
export const bookOrders: EventHandler<Purchase> = async (tx, events, { group }) => {
  await tx`insert into booking (grp, order_id, amount)
    select ${group}, order_id, amount from unnest(
      ${events.map(({ data }) => data.orderId)}::text[], ${events.map(({ data }) => data.totalMinor)}::numeric[])
      as e(order_id, amount)
    on conflict do nothing`;
};
