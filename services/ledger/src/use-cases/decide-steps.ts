import type { Tx } from '@vafa/bus';
import { addAccounts, addLots, type Book } from '../domain/book.ts';
import type { Order } from '../domain/order.ts';
import { bookPlan, planSteps, pointsDueBy, type RefundCase, type Step } from '../domain/plan.ts';
import { lockAccounts } from '../store/accounts.ts';
import { findLots, findOpenLots } from '../store/lots.ts';
import { findOrders, findRefundable, saveOrders } from '../store/purchases.ts';
import { saveRefunds } from '../store/refunds.ts';
import type { Rules } from './current-programme.ts';

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

/** Loads into the book the lots that the plan takes points from. */
const loadLots = async (tx: Tx, book: Book, plan: readonly Step[]): Promise<void> => {
  const due = pointsDueBy(plan);
  if (due.size === 0) return;
  const ownLots = plan.flatMap((step) =>
    step.kind === 'refund' ? step.case.matching.matches.flatMap(({ order }) => order.earnId ?? []) : [],
  );
  const [own, open] = await Promise.all([findLots(tx, [...new Set(ownLots)]), findOpenLots(tx, due)]);
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
  const plan = planSteps(steps, known, waiting);
  await loadLots(tx, book, plan);
  bookPlan(book, plan, deps.rules.programme?.returnPolicy ?? 'within_balance');

  const settled = cases.filter(({ status }) => status !== 'waiting');
  const orders = new Set(settled.flatMap(({ matching }) => matching.matches.map(({ order }) => order)));
  await Promise.all([
    orders.size > 0 ? saveOrders(tx, [...orders]) : undefined,
    settled.length > 0 ? saveRefunds(tx, settled) : undefined,
  ]);
};
