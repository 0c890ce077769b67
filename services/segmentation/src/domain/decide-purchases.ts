import type { EventEnvelope, EventOf, PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import { AppError, present } from '@vafa/kernel';
import type { Book } from './book.ts';
import type { Customer } from './customer.ts';
import { type CustomerDraft, draftCustomer, type SpendDelta } from './customer-draft.ts';
import type { OrderBalance, RefundStatus } from './history.ts';
import { isEarlier, momentOf } from './moment.ts';
import { type Order, orderFrom } from './order.ts';
import { type Refund, refundFrom } from './refund.ts';
import type { Change } from './standing.ts';

export type PurchaseEvent = EventOf<typeof PurchaseCompleted> | EventOf<typeof PurchaseRefunded>;

/** A step in the lifecycle and what set it off. */
export interface CausedChange {
  customerId: string;
  change: Change;
  /** The event that made it known; undefined when a clock or an operator did. */
  cause: EventEnvelope | undefined;
}

/** What is to be written, all in one transaction. */
export interface Decision {
  customers: Customer[];
  newOrders: { order: Order; balance: OrderBalance }[];
  changedBalances: [orderId: string, balance: OrderBalance][];
  newRefunds: { refund: Refund; status: RefundStatus }[];
  changedStatuses: [refundId: string, status: RefundStatus][];
  spend: (SpendDelta & { customerId: string })[];
  changes: CausedChange[];
  refused: { event: EventEnvelope; error: AppError }[];
}

/**
 * Decides a batch of purchases and refunds, event by event in their order. Repeats of what is known do nothing. Refused,
 * each for itself: segmentation.order_conflict, segmentation.refund_conflict (the id is known with other content),
 * segmentation.refund_of_other_customer, segmentation.refund_currency_mismatch, and what `refundFrom` refuses.
 */
export const decidePurchases = (book: Book, events: readonly PurchaseEvent[]): Decision => {
  const drafts = new Map<string, CustomerDraft>();
  const orders = new Map(book.orders);
  const refunds = new Map(book.refunds);
  const newOrders: Order[] = [];
  const newRefunds: Refund[] = [];
  const changes: CausedChange[] = [];
  const refused: Decision['refused'] = [];

  const draftOf = (customer: Customer): CustomerDraft => {
    let draft = drafts.get(customer.customerId);
    if (!draft) {
      draft = draftCustomer(customer, book.histories.get(customer.customerId), book.settings);
      drafts.set(customer.customerId, draft);
    }
    return draft;
  };

  const takeOrder = (event: EventOf<typeof PurchaseCompleted>, customer: Customer): Change[] => {
    const order = orderFrom(event, customer.customerId);
    const known = orders.get(order.orderId);
    if (known) {
      if (known.contentHash === order.contentHash) return [];
      throw conflict('segmentation.order_conflict', `order ${order.orderId} is known with other content`);
    }
    orders.set(order.orderId, order);
    newOrders.push(order);
    return draftOf(customer).addOrder(order);
  };

  const takeRefund = (event: EventOf<typeof PurchaseRefunded>, customer: Customer): Change[] => {
    const refund = refundFrom(event, customer.customerId);
    const knownHash = refunds.get(refund.refundId);
    if (knownHash !== undefined) {
      if (knownHash === refund.contentHash) return [];
      throw conflict('segmentation.refund_conflict', `refund ${refund.refundId} is known with other content`);
    }
    const order = refund.orderId === undefined ? undefined : orders.get(refund.orderId);
    if (order) {
      // The order of a customer who was erased counts for nobody.
      if (order.customerId === null) return [];
      if (order.customerId !== customer.customerId)
        throw conflict('segmentation.refund_of_other_customer', `order ${refund.orderId} belongs to another customer`);
      if (order.currency !== refund.currency)
        throw conflict(
          'segmentation.refund_currency_mismatch',
          `order ${refund.orderId} was paid in ${order.currency}`,
        );
    }
    refunds.set(refund.refundId, refund.contentHash);
    newRefunds.push(refund);
    return draftOf(customer).addRefund(refund);
  };

  for (const event of events) {
    const customer = book.customers.get(event.data.customerId);
    const erasedAt = book.erasedAt.get(event.data.customerId);
    if (!customer || (erasedAt && !isEarlier(erasedAt, momentOf(event)))) continue;
    try {
      const steps = event.type === 'purchase.completed' ? takeOrder(event, customer) : takeRefund(event, customer);
      for (const change of steps) changes.push({ customerId: customer.customerId, change, cause: event });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refused.push({ event, error });
    }
  }

  return { ...writesOf(drafts, newOrders, newRefunds), changes, refused };
};

/** What the drafts amount to, next to the orders and refunds that made them. */
const writesOf = (
  drafts: ReadonlyMap<string, CustomerDraft>,
  orders: readonly Order[],
  refunds: readonly Refund[],
): Omit<Decision, 'changes' | 'refused'> => {
  const ownerOf = (item: Order | Refund): CustomerDraft => present(drafts.get(item.customerId), 'draft of the owner');
  const all = [...drafts.values()];
  return {
    customers: all.map(({ customer }) => customer),
    newOrders: orders.map((order) => ({ order, balance: ownerOf(order).balanceOf(order.orderId) })),
    changedBalances: all.flatMap((draft) => draft.changedBalances()),
    newRefunds: refunds.map((refund) => ({ refund, status: ownerOf(refund).statusOf(refund.refundId) })),
    changedStatuses: all.flatMap((draft) => draft.changedStatuses()),
    spend: all.flatMap((draft) => draft.spend().map((delta) => ({ ...delta, customerId: draft.customer.customerId }))),
  };
};

const conflict = (code: string, message: string): AppError => new AppError('conflict', code, message);
