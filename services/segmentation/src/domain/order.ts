import type { EventOf, PurchaseCompleted } from '@vafa/contracts';
import { idFrom } from '@vafa/kernel';
import { momentOf } from './moment.ts';

/** A purchase as far as it matters here. */
export interface Order {
  orderId: string;
  customerId: string;
  /** Tells a repeated purchase from another one under the same id. */
  contentHash: string;
  occurredAt: Temporal.Instant;
  currency: string;
  totalMinor: number;
  /** Quantity per SKU. */
  quantities: ReadonlyMap<string, number>;
}

/** The order of a purchase event, booked for `customerId`, who may live under another id than the event says. */
export const orderFrom = (event: EventOf<typeof PurchaseCompleted>, customerId: string): Order => {
  const { data } = event;
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of data.lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return {
    orderId: data.orderId,
    customerId,
    contentHash: contentHashOf(data),
    occurredAt: momentOf(event),
    currency: data.currency,
    totalMinor: data.totalMinor,
    quantities,
  };
};

/** The event's own customer is hashed, so that a repeat after a merge is still known. The time is not: a retry may differ. */
const contentHashOf = (data: EventOf<typeof PurchaseCompleted>['data']): string => {
  const lines = data.lines.map(({ sku, quantity, amountMinor }) => [sku, quantity, amountMinor]);
  return idFrom(JSON.stringify([data.customerId, data.currency, data.totalMinor, lines]));
};

export const itemsOf = (quantities: ReadonlyMap<string, number>): number => {
  let items = 0;
  for (const quantity of quantities.values()) items += quantity;
  return items;
};
