import type { Order } from '../src/domain/order.ts';
import type { Refund } from '../src/domain/refund.ts';

const START = Temporal.Instant.from('2026-01-01T00:00:00Z');
export const day = (days: number): Temporal.Instant => START.add({ hours: days * 24 });

export const order = (
  orderId: string,
  onDay: number,
  totalMinor: number,
  quantities: Record<string, number>,
  customerId = 'c1',
): Order => ({
  orderId,
  customerId,
  contentHash: orderId,
  occurredAt: day(onDay),
  currency: 'IRR',
  totalMinor,
  quantities: new Map(Object.entries(quantities)),
});

/** A loose refund of an amount, unless said otherwise. */
export const refund = (refundId: string, onDay: number, fields: Partial<Refund>): Refund => ({
  refundId,
  customerId: 'c1',
  contentHash: refundId,
  occurredAt: day(onDay),
  orderId: undefined,
  scope: 'amount',
  currency: 'IRR',
  amountMinor: 0,
  lines: [],
  ...fields,
});

export const lines = (...given: [sku: string, quantity: number, amountMinor: number][]): Partial<Refund> => ({
  scope: 'lines',
  lines: given.map(([sku, quantity, amountMinor]) => ({ sku, quantity, amountMinor })),
  amountMinor: given.reduce((sum, [, , amountMinor]) => sum + amountMinor, 0),
});
