import type { EventOf, PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import { AppError, idFrom } from '@vafa/kernel';
import { entryId } from '../domain/entry-id.ts';
import { checkRefund, linesBySku, type Refund } from '../domain/order.ts';
import { type NewPurchase, newRefundCase, type RefundCase } from '../domain/plan.ts';
import { awardFor, BASE_RULE } from '../domain/programme.ts';
import type { Rules } from './current-programme.ts';

export type CompletedEvent = EventOf<typeof PurchaseCompleted>;
export type RefundedEvent = EventOf<typeof PurchaseRefunded>;
export type PurchaseEvent = CompletedEvent | RefundedEvent;

export interface ReadPurchase {
  kind: 'purchase';
  event: CompletedEvent;
  contentHash: string;
  purchase: NewPurchase;
  /** Why it earns nothing. */
  note: string | null;
}

export interface ReadRefund {
  kind: 'refund';
  event: RefundedEvent;
  contentHash: string;
  case: RefundCase;
}

export interface Refused {
  event: PurchaseEvent;
  error: AppError;
}

export interface Batch {
  /** In order of arrival, each order and each refund once. */
  steps: (ReadPurchase | ReadRefund)[];
  refused: Refused[];
}

export const purchaseConflict = (): AppError =>
  new AppError('conflict', 'ledger.purchase_conflict', 'an order of this id but with other content is known already');

export const refundConflict = (): AppError =>
  new AppError('conflict', 'ledger.refund_conflict', 'a refund of this id but with other content is known already');

/** What makes an order this order: everything that earning may depend on; not its time, which a sender may set anew. */
const purchaseHash = ({ data }: CompletedEvent): string =>
  idFrom(
    JSON.stringify([
      data.customerId,
      data.currency,
      data.totalMinor,
      data.store,
      data.channel,
      data.lines.map(({ sku, quantity, amountMinor, category, brand, labels }) => [
        sku,
        quantity,
        amountMinor,
        category,
        brand,
        labels,
      ]),
    ]),
  );

const refundHash = ({ data }: RefundedEvent): string =>
  idFrom(
    JSON.stringify([
      data.customerId,
      data.orderId,
      data.scope,
      data.currency,
      data.amountMinor,
      data.lines?.map(({ sku, quantity, amountMinor }) => [sku, quantity, amountMinor]),
    ]),
  );

const readPurchase = (event: CompletedEvent, customerId: string, { programme, expiryOf }: Rules): ReadPurchase => {
  const { orderId, currency, totalMinor, lines } = event.data;
  const award = awardFor(programme, currency, totalMinor);
  const occurredAtMs = Date.parse(event.time);
  const order = {
    orderId,
    customerId,
    occurredAtMs,
    currency,
    totalMinor,
    refundedMinor: 0,
    pointsEarned: award.points,
    pointsTakenBack: 0,
    earnId: award.points > 0 ? entryId(occurredAtMs, 'earn', orderId, BASE_RULE) : null,
    lines: linesBySku(lines),
  };
  const purchase: NewPurchase = {
    order,
    occurredAt: event.time,
    expiresAtMs: award.points > 0 ? expiryOf(occurredAtMs) : null,
    programmeVersion: programme?.version ?? null,
    traceparent: event.traceparent,
  };
  return { kind: 'purchase', event, contentHash: purchaseHash(event), purchase, note: award.note };
};

const readRefund = (event: RefundedEvent, customerId: string): ReadRefund => {
  const { refundId, orderId, scope, currency, amountMinor, lines } = event.data;
  const refund: Refund = {
    refundId,
    customerId,
    orderId: orderId ?? null,
    scope,
    currency,
    amountMinor: amountMinor ?? null,
    lines: (lines ?? []).map(({ sku, quantity, amountMinor: lineMinor }) => ({
      sku,
      quantity,
      amountMinor: lineMinor,
    })),
    occurredAt: event.time,
  };
  checkRefund(refund);
  return { kind: 'refund', event, contentHash: refundHash(event), case: newRefundCase(refund, event.traceparent) };
};

const naturalKey = (step: ReadPurchase | ReadRefund): string =>
  step.kind === 'purchase' ? `order ${step.purchase.order.orderId}` : `refund ${step.case.refund.refundId}`;

/**
 * Reads the events of a batch: what each order earns at the programme in force, which customer it counts for, and each
 * order and refund once. The same id with other content is refused; what can't be understood too.
 */
export const readBatch = (
  events: readonly PurchaseEvent[],
  rules: Rules,
  resolve: (customerId: string) => string,
): Batch => {
  const steps = new Map<string, ReadPurchase | ReadRefund>();
  const refused: Refused[] = [];
  for (const event of events) {
    try {
      const customerId = resolve(event.data.customerId);
      const step =
        event.type === 'purchase.completed' ? readPurchase(event, customerId, rules) : readRefund(event, customerId);
      const key = naturalKey(step);
      const first = steps.get(key);
      if (!first) steps.set(key, step);
      else if (first.contentHash !== step.contentHash)
        throw step.kind === 'purchase' ? purchaseConflict() : refundConflict();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refused.push({ event, error });
    }
  }
  return { steps: [...steps.values()], refused };
};
