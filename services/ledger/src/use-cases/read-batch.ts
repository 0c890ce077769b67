import type { EventOf, PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import { AppError, idFrom } from '@vafa/kernel';
import { entryId } from '../domain/entry-id.ts';
import { type NewEntry, setEntries } from '../domain/new-entries.ts';
import { checkRefund, linesBySku, type Order, type Refund } from '../domain/order.ts';
import { isNobody, type NewPurchase } from '../domain/plan.ts';
import { newRefundCase, type RefundCase } from '../domain/refund-case.ts';
import type { Award } from '../domain/rules/award.ts';
import type { Earned } from '../domain/rules/earned.ts';
import { earnByPurchase } from '../domain/rules/evaluate.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { type Rules, termsFor } from './current-programme.ts';

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

/** Of somebody who was erased before it was told: the order is kept, for nobody. */
const NOBODYS: Earned = { awards: [], note: 'customer_erased', cappedAway: [] };

const readPurchase = (
  event: CompletedEvent,
  customerId: string,
  facts: CustomerFacts | undefined,
  rules: Rules,
  nowMs: number,
): ReadPurchase => {
  const { orderId, currency, totalMinor, lines } = event.data;
  const occurredAtMs = Date.parse(event.time);
  const { awards, note, counted } = isNobody(customerId)
    ? NOBODYS
    : earnByPurchase(rules.compiled, { atMs: occurredAtMs, order: event.data }, facts);
  const entryOf = (award: Award): NewEntry => ({
    award,
    earnId: entryId(occurredAtMs, 'earn', orderId, award.ruleId),
    terms: termsFor(rules, award.rule, occurredAtMs, nowMs, facts?.tier ?? null),
  });
  const entries = awards.map(entryOf);
  const order: Order = {
    orderId,
    customerId,
    occurredAtMs,
    currency,
    totalMinor,
    refundedMinor: 0,
    pointsEarned: 0,
    pointsTakenBack: 0,
    earnId: null,
    lines: linesBySku(lines),
  };
  setEntries(order, entries);
  const purchase: NewPurchase = {
    order,
    entries,
    ...(counted === undefined ? {} : { uncounted: { counted, entryOf } }),
    occurredAt: event.time,
    programmeVersion: rules.programme?.version ?? null,
    traceparent: event.traceparent,
  };
  return { kind: 'purchase', event, contentHash: purchaseHash(event), purchase, note };
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

const idOf = (step: ReadPurchase | ReadRefund): string =>
  step.kind === 'purchase' ? step.purchase.order.orderId : step.case.refund.refundId;

/**
 * Reads the events of a batch: what each order earns at the programme in force, which customer it counts for, and each
 * order and refund once. The same id with other content is refused; what can't be understood too. `resolve` tells whose an
 * event is, by the customer it names and its time: nobody's (see `ERASED_PREFIX`) when she was erased since. `facts` are what
 * rules may ask of the customers; nothing when they ask nothing.
 */
export const readBatch = (
  events: readonly PurchaseEvent[],
  rules: Rules,
  resolve: (customerId: string, atMs: number) => string,
  nowMs: number,
  facts: ReadonlyMap<string, CustomerFacts> = new Map(),
): Batch => {
  const steps: (ReadPurchase | ReadRefund)[] = [];
  const byId = {
    purchase: new Map<string, ReadPurchase | ReadRefund>(),
    refund: new Map<string, ReadPurchase | ReadRefund>(),
  };
  const refused: Refused[] = [];
  for (const event of events) {
    try {
      const customerId = resolve(event.data.customerId, Date.parse(event.time));
      const step =
        event.type === 'purchase.completed'
          ? readPurchase(event, customerId, facts.get(customerId), rules, nowMs)
          : readRefund(event, customerId);
      const known = byId[step.kind];
      const id = idOf(step);
      const first = known.get(id);
      if (!first) {
        known.set(id, step);
        steps.push(step);
      } else if (first.contentHash !== step.contentHash)
        throw step.kind === 'purchase' ? purchaseConflict() : refundConflict();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refused.push({ event, error });
    }
  }
  return { steps, refused };
};
