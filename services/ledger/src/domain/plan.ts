import { AppError } from '@vafa/kernel';
import type { Account } from './account.ts';
import { settlePending } from './activate.ts';
import { accountOf, type Book } from './book.ts';
import { clawBack } from './clawback.ts';
import { creditAwaiting } from './credit-awaiting.ts';
import { giveBackSpent, type Payment } from './give-back.ts';
import type { NewEntry, Uncounted } from './new-entries.ts';
import { type Match, type Order, refundOrder } from './order.ts';
import type { Returns } from './programme.ts';
import { matchNewest, type RefundCase, voidRefund } from './refund-case.ts';
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

interface PurchaseStep {
  kind: 'purchase';
  purchase: NewPurchase;
}

/** One event, in the order in which it came. */
export type Step = PurchaseStep | { kind: 'refund'; case: RefundCase };

/** What takes effect: an order, or what a refund matched at that moment. One that is open for later orders has its turn again. */
export type PlannedStep = PurchaseStep | { kind: 'refund'; case: RefundCase; matches: readonly Match[] };

/** Refunds from before that are not through with. */
export interface Unsettled {
  /** They wait for an order that is not known. */
  waiting: readonly RefundCase[];
  /** They name no order and are open for later ones; their time is not up. */
  open: readonly RefundCase[];
}

/** A refund that lacks something, and its own time, milliseconds since 1970. */
interface Lacking {
  refundCase: RefundCase;
  atMs: number;
}

/** Customers that were erased are called this and something random. */
export const ERASED_PREFIX = 'erased:';

/** Was this customer erased? What has such a name belongs to nobody. */
export const isNobody = (customerId: string): boolean => customerId.startsWith(ERASED_PREFIX);

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

const matchOrder = (refundCase: RefundCase, order: Order): void => {
  try {
    if (isNobody(order.customerId)) {
      voidRefund(refundCase, order.customerId);
      return;
    }
    refundCase.matching = refundOrder(order, refundCase.refund);
    refundCase.status = 'applied';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    refundCase.status = 'refused';
    refundCase.note = error.code;
    refundCase.error = error;
  }
};

/** Refunds that waited for one order, or take what they lacked of it, have their turn in the order of their own time. */
const oldestFirst = (a: RefundCase, b: RefundCase): number =>
  Date.parse(a.refund.occurredAt) - Date.parse(b.refund.occurredAt) || (a.refund.refundId < b.refund.refundId ? -1 : 1);

/**
 * Matches refunds with orders, event by event: a refund sees the orders that came before it, and one that came before its
 * order is matched right after that order; then those that name no order and lack something. Returns the steps in the order in
 * which they take effect; refunds whose order is still unknown stay `waiting` and are left out. What new refunds without a reference
 * don't find stays open until `openUntilMs` (null = it does not).
 */
export const planSteps = (
  steps: readonly Step[],
  known: Iterable<Order>,
  { waiting, open }: Unsettled,
  openUntilMs: number | null,
): PlannedStep[] => {
  const orders = createOrders(known);
  const waitingFor = new Map<string, RefundCase[]>();
  const wait = (orderId: string, refundCase: RefundCase): void => {
    waitingFor.set(orderId, [...(waitingFor.get(orderId) ?? []), refundCase]);
  };
  for (const each of waiting) if (each.refund.orderId !== null) wait(each.refund.orderId, each);

  const lacking = new Map<string, Lacking[]>();
  const keepOpen = (refundCase: RefundCase): void => {
    const { customerId, occurredAt } = refundCase.refund;
    const each = { refundCase, atMs: Date.parse(occurredAt) };
    const own = lacking.get(customerId);
    if (own) own.push(each);
    else lacking.set(customerId, [each]);
  };
  for (const each of open) keepOpen(each);

  const plan: PlannedStep[] = [];
  const settle = (refundCase: RefundCase, order: Order): void => {
    matchOrder(refundCase, order);
    const { status, matching } = refundCase;
    if (status === 'applied') plan.push({ kind: 'refund', case: refundCase, matches: matching.matches });
  };
  const settleUnnamed = (refundCase: RefundCase): void => {
    const isNew = refundCase.open === null;
    const matches = matchNewest(refundCase, orders.of(refundCase.refund.customerId), openUntilMs);
    // What finds nothing once more changes nothing.
    if (isNew || matches.length > 0) plan.push({ kind: 'refund', case: refundCase, matches });
    if (refundCase.open) keepOpen(refundCase);
  };
  /** Offers a new order to the customer's refunds that lack something. */
  const offer = (order: Order): void => {
    // A new order is later than most of them: those are many where one customer stands for all who are not known.
    const own = (lacking.get(order.customerId) ?? []).filter(
      ({ refundCase, atMs }) => refundCase.open !== null && order.occurredAtMs <= atMs,
    );
    for (const refundCase of own.map((each) => each.refundCase).sort(oldestFirst)) {
      const matches = matchNewest(refundCase, [order], openUntilMs);
      if (matches.length > 0) plan.push({ kind: 'refund', case: refundCase, matches });
    }
  };
  for (const step of steps) {
    if (step.kind === 'purchase') {
      const { order } = step.purchase;
      orders.add(order);
      plan.push(step);
      for (const refundCase of (waitingFor.get(order.orderId) ?? []).sort(oldestFirst)) settle(refundCase, order);
      waitingFor.delete(order.orderId);
      offer(order);
      continue;
    }
    const { orderId } = step.case.refund;
    if (orderId === null) {
      settleUnnamed(step.case);
      continue;
    }
    const order = orders.find(orderId);
    if (order) settle(step.case, order);
    else wait(orderId, step.case);
  }
  return plan;
};

/** Most points that the plan may take from each customer: how many lots it needs. */
export const pointsDueBy = (plan: readonly PlannedStep[]): Map<string, number> => {
  const due = new Map<string, number>();
  for (const step of plan) {
    if (step.kind === 'purchase') continue;
    const { refund } = step.case;
    const points = step.matches.reduce((sum, { pointsDue }) => sum + pointsDue, 0);
    if (points > 0) due.set(refund.customerId, (due.get(refund.customerId) ?? 0) + points);
  }
  return due;
};

/** Orders of which the plan refunds something. */
export const refundedOrders = (plan: readonly PlannedStep[]): string[] => [
  ...new Set(plan.flatMap((step) => (step.kind === 'refund' ? step.matches.map(({ order }) => order.orderId) : []))),
];

/** Customers to whom the plan refunds something. */
export const refundedCustomers = (plan: readonly PlannedStep[]): string[] => [
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

/** One transfer and lot for each of the order's entries; what awaited something that was told before it is spendable at once. */
const bookPurchase = (book: Book, purchase: NewPurchase): void => {
  const { order, entries, occurredAt, programmeVersion, traceparent } = purchase;
  for (const { award, terms, fulfilled } of entries) {
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
    creditAwaiting(book, accountOf(book, order.customerId), posting, terms, fulfilled);
  }
};

/** Gives back what had paid for the order, then takes back what the order had earned. */
const bookRefund = (
  book: Book,
  each: RefundCase,
  matches: readonly Match[],
  returns: Returns,
  payments: readonly Payment[],
): void => {
  const { refund, pointsTaken, pointsGivenBack, traceparent } = each;
  const account = accountOf(book, refund.customerId);
  settleDue(book, account);
  for (const match of matches) {
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
  plan: readonly PlannedStep[],
  returns: Returns,
  payments: readonly Payment[] = [],
): void => {
  for (const step of plan) {
    if (step.kind === 'purchase') {
      bookPurchase(book, step.purchase);
      continue;
    }
    bookRefund(book, step.case, step.matches, returns, payments);
  }
};
