import type { Tx } from '@vafa/bus';
import { accountOf, addAccounts, addLots, type Book } from '../domain/book.ts';
import type { Payment } from '../domain/give-back.ts';
import type { Order } from '../domain/order.ts';
import {
  bookPlan,
  planSteps,
  pointsDueBy,
  type RefundCase,
  refundedCustomers,
  refundedOrders,
  type Step,
} from '../domain/plan.ts';
import { returnsOf } from '../domain/programme.ts';
import { lockAccounts } from '../store/accounts.ts';
import { keepHeld } from '../store/held-claims.ts';
import { findLots, findOpenLots } from '../store/lots.ts';
import { lockPayments, saveGivenBack } from '../store/payments.ts';
import { findOrders, findRefundable, saveOrders } from '../store/purchases.ts';
import { saveRefunds } from '../store/refunds.ts';
import { capOrders } from './cap-orders.ts';
import type { Rules } from './current-programme.ts';
import { loadDueLots } from './open-account.ts';

export interface Decision {
  /** Events of the customers that need deciding, in order of arrival. */
  steps: readonly Step[];
  /** Refunds that waited for orders among the steps, or for orders that are known meanwhile. */
  waiting: readonly RefundCase[];
  /** Customers whose points may change. Their accounts exist. */
  customers: Iterable<string>;
}

/** Orders that the refunds are, or may be, about; those that come with the steps themselves are left out. */
const findKnownOrders = async (
  tx: Tx,
  refunds: readonly RefundCase[],
  ownOrderIds: readonly string[],
  lookBackPurchases: number,
): Promise<Order[]> => {
  const own = new Set(ownOrderIds);
  const all = refunds.map(({ refund }) => refund);
  const named = all.flatMap(({ orderId }) => (orderId === null || own.has(orderId) ? [] : [orderId]));
  const unnamed = all.filter(({ orderId }) => orderId === null);
  const [byId, newest] = await Promise.all([
    named.length > 0 ? findOrders(tx, [...new Set(named)]) : [],
    unnamed.length > 0 ? findRefundable(tx, unnamed, ownOrderIds, lookBackPurchases) : [],
  ]);
  return [...byId, ...newest];
};

/** Loads into the book the lots that the plan takes points from, gives points back to, or finds past their time. */
const loadLots = async (tx: Tx, book: Book, plan: readonly Step[], payments: readonly Payment[]): Promise<void> => {
  const refunded = refundedCustomers(plan);
  if (refunded.length === 0) return;
  const paying = payments.flatMap(({ allocations }) => allocations.map(({ lotId }) => lotId));
  const due = pointsDueBy(plan);
  const ownLots = plan.flatMap((step) =>
    step.kind === 'refund' ? step.case.matching.matches.flatMap(({ dues }) => dues.map(({ earnId }) => earnId)) : [],
  );
  const [own, open] = await Promise.all([
    findLots(tx, [...new Set([...ownLots, ...paying])]),
    due.size > 0 ? findOpenLots(tx, due, book.nowMs) : [],
    loadDueLots(
      tx,
      book,
      refunded.map((customerId) => accountOf(book, customerId)),
    ),
  ]);
  addLots(book, [...own, ...open]);
};

/**
 * Decides events one by one on what was loaded under lock: matches refunds with orders, earns, takes back. Changes the
 * book, writes orders and refunds; the book itself is the caller's to save.
 */
export const decideSteps = async (
  tx: Tx,
  book: Book,
  decision: Decision,
  deps: { rules: Rules; lookBackPurchases: number },
): Promise<void> => {
  const { steps, waiting, customers } = decision;
  const cases = [...steps.flatMap((step) => (step.kind === 'refund' ? [step.case] : [])), ...waiting];
  const ownOrderIds = steps.flatMap((step) => (step.kind === 'purchase' ? [step.purchase.order.orderId] : []));
  const [accounts, known] = await Promise.all([
    lockAccounts(tx, [...customers]),
    findKnownOrders(tx, cases, ownOrderIds, deps.lookBackPurchases),
  ]);
  addAccounts(book, accounts);
  await capOrders(
    tx,
    steps.flatMap((step) => (step.kind === 'purchase' ? [step.purchase] : [])),
    deps.rules,
  );
  const plan = planSteps(steps, known, waiting);
  const returns = returnsOf(deps.rules.programme);
  const orders = refundedOrders(plan);
  const payments = returns.spentPoints === 'none' || orders.length === 0 ? [] : await lockPayments(tx, orders);
  await loadLots(tx, book, plan, payments);
  bookPlan(book, plan, returns, payments);

  const settled = cases.filter(({ status }) => status !== 'waiting');
  const held = settled.filter((each) => each.held.length > 0);
  const changed = new Set(settled.flatMap(({ matching }) => matching.matches.map(({ order }) => order)));
  await Promise.all([
    changed.size > 0 ? saveOrders(tx, [...changed]) : undefined,
    payments.length > 0 ? saveGivenBack(tx, payments) : undefined,
    settled.length > 0 ? saveRefunds(tx, settled) : undefined,
    held.length > 0 ? keepHeld(tx, held) : undefined,
  ]);
};
