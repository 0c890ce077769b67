import Type, { type Static } from 'typebox';
import { defineEvent } from '../define-event.ts';
import {
  AmountMinor,
  Attributes,
  Currency,
  CustomerId,
  Id,
  Label,
  OneOf,
  OrderId,
  PositiveMinor,
  payload,
  Sku,
} from '../fields.ts';
import { Topics } from '../topics.ts';

/** More lines than any invoice in the trial data has (1,114). */
const MAX_LINES = 2_000;

export const OrderLine = Type.Object({
  sku: Sku,
  quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  amountMinor: AmountMinor,
  name: Type.Optional(Type.String({ maxLength: 300 })),
  category: Type.Optional(Label),
  brand: Type.Optional(Label),
  labels: Type.Optional(Type.Array(Label, { maxItems: 20 })),
});
export type OrderLine = Static<typeof OrderLine>;

export const PurchaseCompleted = defineEvent({
  type: 'purchase.completed',
  version: 1,
  topic: Topics.purchases,
  title: 'A customer completed a purchase',
  data: payload({
    customerId: CustomerId,
    orderId: OrderId,
    currency: Currency,
    totalMinor: Type.Integer({ ...AmountMinor, description: 'What the customer paid, in minor units' }),
    lines: Type.Array(OrderLine, { maxItems: MAX_LINES }),
    store: Type.Optional(Label),
    channel: Type.Optional(Label),
    attributes: Type.Optional(Attributes),
  }),
});

export const RefundLine = Type.Object({
  sku: Sku,
  quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  amountMinor: AmountMinor,
});
export type RefundLine = Static<typeof RefundLine>;

export const PurchaseRefunded = defineEvent({
  type: 'purchase.refunded',
  version: 1,
  topic: Topics.purchases,
  title: 'A purchase was refunded: whole, by amount or by line, with or without a reference to the order',
  data: payload({
    customerId: CustomerId,
    refundId: Id,
    orderId: Type.Optional(OrderId),
    scope: OneOf(
      ['whole', 'amount', 'lines'] as const,
      'whole needs orderId, amount needs amountMinor, lines needs lines',
    ),
    currency: Currency,
    amountMinor: Type.Optional(PositiveMinor),
    lines: Type.Optional(Type.Array(RefundLine, { minItems: 1, maxItems: MAX_LINES })),
    attributes: Type.Optional(Attributes),
  }),
});
