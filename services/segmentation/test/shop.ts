import {
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  type EventEnvelope,
  type EventOf,
  event,
  InteractionRecorded,
  PurchaseCompleted,
  PurchaseRefunded,
} from '@vafa/contracts';

type Time = Temporal.Instant | string;
const head = (id: string, time: Time) => ({ id, source: '/shop', time });

/** Two teas for 100 rial, unless said otherwise. */
export const bought = (
  customerId: string,
  orderId: string,
  time: Time,
  fields: Partial<EventOf<typeof PurchaseCompleted>['data']> = {},
): EventEnvelope =>
  event(PurchaseCompleted, head(`bought-${orderId}`, time), {
    customerId,
    orderId,
    currency: 'IRR',
    totalMinor: 100,
    lines: [{ sku: 'tea', quantity: 2, amountMinor: 100 }],
    ...fields,
  });

export const refunded = (
  customerId: string,
  refundId: string,
  time: Time,
  fields: Partial<EventOf<typeof PurchaseRefunded>['data']>,
): EventEnvelope =>
  event(PurchaseRefunded, head(`refunded-${refundId}`, time), {
    customerId,
    refundId,
    currency: 'IRR',
    scope: 'whole',
    ...fields,
  });

export const did = (customerId: string, id: string, time: Time): EventEnvelope =>
  event(InteractionRecorded, head(id, time), { customerId, interactionType: 'app.opened' });

export const updated = (customerId: string, time: Time): EventEnvelope =>
  event(CustomerUpdated, head(`updated-${customerId}-${time}`, time), { customerId });

export const merged = (customerId: string, intoCustomerId: string, time: Time): EventEnvelope =>
  event(CustomerMerged, head(`merged-${customerId}-${intoCustomerId}`, time), { customerId, intoCustomerId });

export const erased = (customerId: string, time: Time): EventEnvelope =>
  event(CustomerErased, head(`erased-${customerId}-${time}`, time), { customerId });
