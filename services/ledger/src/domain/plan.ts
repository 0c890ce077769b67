import { AppError } from '@vafa/kernel';
import type { Account } from './account.ts';
import { settlePending } from './activate.ts';
import { accountOf, type Book } from './book.ts';
import { clawBack } from './clawback.ts';
import { credit } from './credit.ts';
import { giveBackSpent, type Payment } from './give-back.ts';
import type { HeldDue } from './held-claims.ts';
import type { NewEntry, Uncounted } from './new-entries.ts';
import { type Matching, type Order, type Refund, refundNewest, refundOrder } from './order.ts';
import type { Returns } from './programme.ts';
import { expireDue } from './spend.ts';

/** An order that is booked now, with what it earns. */
export interface NewPurchase {
  order: Order;
  /** What it earns, in order. `setEntries` keeps the order's own fields true to them. */
  entries: NewEntry[];
  /** Given when caps count what it earns. */
  uncounted?: Uncounted;
  occurredAt: string;
  programmeVersion: number | null;
  traceparent?: string | undefined;
}

/** A refund on its way, and what came of it. */
export interface RefundCase {
  refund: Refund;
  traceparent?: string | undefined;
  /** waiting: its order is not known yet · void: its customer was erased · refused: `error` says why. */
  status: 'waiting' | 'applied' | 'refused' | 'void';
  note: string | null;
  error?: AppError;
  matching: Matching;
  /** Per match: points taken back, and points given back of those that had paid for the order. */
  pointsTaken: number[];
  pointsGivenBack: number[];
  /** What it is to take of points that reservations hold. */
  held: HeldDue[];
}

/** One event, in the order in which it came. */
export type Step = { kind: 'purchase'; purchase: NewPurchase } | { kind: 'refund'; case: RefundCase };

/** Customers that were erased are called this and something random. */
export const ERASED_PREFIX = 'erased:';

/** Was this customer erased? What has such a name belongs to nobody. */
export const isNobody = (customerId: string): boolean => customerId.startsWith(ERASED_PREFIX);

/** Nothing is taken from nobody. */
export const voidRefund = (refundCase: RefundCase): void => {
  refundCase.status = 'void';
  refundCase.note = 'customer_erased';
};

const NOTHING: Matching = { matches: [], matchedMinor: 0, unmatchedMinor: 0 };

export const newRefundCase = (refund: Refund, traceparent?: string): RefundCase => ({
  refund,
  traceparent,
  status: 'waiting',
  note: null,
  matching: NOTHING,
  pointsTaken: [],
  pointsGivenBack: [],
  held: [],
});

/** Orders that refunds may touch: those known before and, as their turn comes, the new ones. */
const createOrders = (known: Iterable<Order>) => {
  const byId = new Map<string, Order>();
  const byCustomer = new Map<string, Order[]>();
  const add = (order: Order): void => {
    if (byId.has(order.orderId)) return;
    byId.set(order.orderId, order);
    const own = byCustomer.get(order.customerId);
    if (own) own.push(order);
    else byCustomer.set(order.customerId, [order]);
  };
  for (const order of known) add(order);
  return {
    add,
    find: (orderId: string) => byId.get(orderId),
    of: (customerId: string) => byCustomer.get(customerId) ?? [],
  };
};

const match = (refundCase: RefundCase, order: Order | undefined, candidates: readonly Order[]): void => {
  const { refund } = refundCase;
  try {
    if (order && isNobody(order.customerId)) {
      voidRefund(refundCase);
      return;
    }
    refundCase.matching = order ? refundOrder(order, refund) : refundNewest(candidates, refund);
    refundCase.status = 'applied';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    refundCase.status = 'refused';
    refundCase.note = error.code;
    refundCase.error = error;
  }
};

/** Refunds that waited for one order take effect in the order of their own time, however they came. */
const oldestFirst = (a: RefundCase, b: RefundCase): number =>
  Date.parse(a.refund.occurredAt) - Date.parse(b.refund.occurredAt) || (a.refund.refundId < b.refund.refundId ? -1 : 1);

/**
 * Matches refunds with orders, event by event: a refund sees the orders that came before it, and one that came before its
 * order is matched right after that order. Returns the steps in the order in which they take effect; refunds whose order
 * is still unknown stay `waiting` and are left out.
 */
export const planSteps = (steps: readonly Step[], known: Iterable<Order>, waiting: readonly RefundCase[]): Step[] => {
  const orders = createOrders(known);
  const waitingFor = new Map<string, RefundCase[]>();
  const wait = (orderId: string, refundCase: RefundCase): void => {
    waitingFor.set(orderId, [...(waitingFor.get(orderId) ?? []), refundCase]);
  };
  for (const each of waiting) if (each.refund.orderId !== null) wait(each.refund.orderId, each);

  const plan: Step[] = [];
  const settle = (refundCase: RefundCase, order: Order | undefined): void => {
    match(refundCase, order, orders.of(refundCase.refund.customerId));
    if (refundCase.status === 'applied') plan.push({ kind: 'refund', case: refundCase });
  };
  for (const step of steps) {
    if (step.kind === 'purchase') {
      const { order } = step.purchase;
      orders.add(order);
      plan.push(step);
      for (const refundCase of (waitingFor.get(order.orderId) ?? []).sort(oldestFirst)) settle(refundCase, order);
      waitingFor.delete(order.orderId);
      continue;
    }
    const { orderId } = step.case.refund;
    const order = orderId === null ? undefined : orders.find(orderId);
    if (orderId !== null && !order) wait(orderId, step.case);
    else settle(step.case, order);
  }
  return plan;
};

/** Most points that the plan may take from each customer: how many lots it needs. */
export const pointsDueBy = (plan: readonly Step[]): Map<string, number> => {
  const due = new Map<string, number>();
  for (const step of plan) {
    if (step.kind === 'purchase') continue;
    const { refund, matching } = step.case;
    const points = matching.matches.reduce((sum, { pointsDue }) => sum + pointsDue, 0);
    if (points > 0) due.set(refund.customerId, (due.get(refund.customerId) ?? 0) + points);
  }
  return due;
};

/** Orders of which the plan refunds something. */
export const refundedOrders = (plan: readonly Step[]): string[] => [
  ...new Set(
    plan.flatMap((step) =>
      step.kind === 'refund' ? step.case.matching.matches.map(({ order }) => order.orderId) : [],
    ),
  ),
];

/** Customers to whom the plan refunds something. */
export const refundedCustomers = (plan: readonly Step[]): string[] => [
  ...new Set(plan.flatMap((step) => (step.kind === 'refund' ? [step.case.refund.customerId] : []))),
];

/**
 * Settles what is past its time of the lots in the book: spendable, or gone. Every refund begins so, so that what it finds
 * does not depend on when the sweep came by.
 */
export const settleDue = (book: Book, account: Account): void => {
  settlePending(book, account);
  expireDue(book, account);
};

/** One transfer and lot for each of the order's entries. */
const bookPurchase = (book: Book, purchase: NewPurchase): void => {
  const { order, entries, occurredAt, programmeVersion, traceparent } = purchase;
  for (const { award, terms } of entries) {
    const { ruleId, points, explanation } = award;
    const posting = {
      kind: 'earn' as const,
      points,
      occurredAt,
      naturalKey: [order.orderId, ruleId],
      orderId: order.orderId,
      ruleId,
      ...(programmeVersion === null ? {} : { ruleVersion: programmeVersion }),
      ...(explanation === null ? {} : { explanation }),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    credit(book, accountOf(book, order.customerId), posting, terms);
  }
};

/** Gives back what had paid for the order, then takes back what the order had earned. */
const bookRefund = (book: Book, each: RefundCase, returns: Returns, payments: readonly Payment[]): void => {
  const { refund, matching, pointsTaken, pointsGivenBack, traceparent } = each;
  const account = accountOf(book, refund.customerId);
  settleDue(book, account);
  for (const match of matching.matches) {
    const given = giveBackSpent(book, account, refund, match, payments, returns.spentPoints, traceparent);
    // What came back into a lot that is past its expiry is gone again, before anything is taken from it.
    if (given > 0) expireDue(book, account);
    pointsGivenBack.push(given);
    const clawed = clawBack(book, account, refund, match, returns.policy, traceparent);
    pointsTaken.push(clawed.points);
    each.held.push(...clawed.held);
  }
};

/**
 * Books what was planned: accounts, the lots that it needs and those past their time are in the book; `payments` are what
 * had paid for the refunded orders, with their lots in the book too.
 */
export const bookPlan = (
  book: Book,
  plan: readonly Step[],
  returns: Returns,
  payments: readonly Payment[] = [],
): void => {
  for (const step of plan) {
    if (step.kind === 'purchase') {
      bookPurchase(book, step.purchase);
      continue;
    }
    bookRefund(book, step.case, returns, payments);
  }
};
