import type { EventOf, PurchaseRefunded } from '@vafa/contracts';
import { AppError, idFrom } from '@vafa/kernel';
import { momentOf } from './moment.ts';

/** What of a refund concerns one SKU. */
export interface ReturnedLine {
  sku: string;
  quantity: number;
  amountMinor: number;
}

/** A refund. Without `orderId` it is loose: it is set against the customer's newest orders that it can concern. */
export interface Refund {
  refundId: string;
  customerId: string;
  contentHash: string;
  occurredAt: Temporal.Instant;
  orderId: string | undefined;
  scope: 'whole' | 'amount' | 'lines';
  currency: string;
  /** Paid back; 0 for `whole`, which pays back what is left. */
  amountMinor: number;
  lines: readonly ReturnedLine[];
}

/**
 * The refund of an event, booked for `customerId`.
 * @throws AppError invalid segmentation.refund_incomplete when the scope lacks what it needs,
 * segmentation.amount_too_large when the lines sum up to more than an exact number
 */
export const refundFrom = (event: EventOf<typeof PurchaseRefunded>, customerId: string): Refund => {
  const { data } = event;
  const incomplete = (what: string) =>
    new AppError('invalid', 'segmentation.refund_incomplete', `a refund of scope ${data.scope} needs ${what}`);
  if (data.scope === 'whole' && data.orderId === undefined) throw incomplete('orderId');
  if (data.scope === 'amount' && data.amountMinor === undefined) throw incomplete('amountMinor');
  if (data.scope === 'lines' && data.lines === undefined) throw incomplete('lines');
  const lines = data.scope === 'lines' ? (data.lines ?? []) : [];
  const linesMinor = lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  if (!Number.isSafeInteger(linesMinor))
    throw new AppError('invalid', 'segmentation.amount_too_large', 'the lines of the refund sum up to too much');
  return {
    refundId: data.refundId,
    customerId,
    contentHash: contentHashOf(data),
    occurredAt: momentOf(event),
    orderId: data.orderId,
    scope: data.scope,
    currency: data.currency,
    amountMinor: data.scope === 'amount' ? (data.amountMinor ?? 0) : linesMinor,
    lines: lines.map(({ sku, quantity, amountMinor }) => ({ sku, quantity, amountMinor })),
  };
};

const contentHashOf = (data: EventOf<typeof PurchaseRefunded>['data']): string => {
  const lines = (data.lines ?? []).map(({ sku, quantity, amountMinor }) => [sku, quantity, amountMinor]);
  return idFrom(
    JSON.stringify([data.customerId, data.orderId ?? null, data.scope, data.currency, data.amountMinor ?? null, lines]),
  );
};
