import type { Tx } from '@vafa/bus';
import { earlierMs } from '../domain/account.ts';
import { accountOf, addAccounts, addLots, type Book } from '../domain/book.ts';
import type { Payment } from '../domain/give-back.ts';
import type { Order } from '../domain/order.ts';
import {
  bookPlan,
  type PlannedStep,
  planSteps,
  pointsDueBy,
  refundedCustomers,
  refundedOrders,
  type Step,
} from '../domain/plan.ts';
import { returnsOf } from '../domain/programme.ts';
import type { RefundCase } from '../domain/refund-case.ts';
import { lockAccounts } from '../store/accounts.ts';
import { keepHeld } from '../store/held-claims.ts';
import { isoOfMs } from '../store/instants.ts';
import { findLots, findOpenLots } from '../store/lots.ts';
import { lockPayments, saveGivenBack } from '../store/payments.ts';
import { findOrders, findRefundable, saveOrders } from '../store/purchases.ts';
import { findNextClosings, findOpenRefunds, saveRefunds } from '../store/refunds.ts';
import { capOrders } from './cap-orders.ts';
import type { Rules } from './current-programme.ts';
import { fulfilEntries } from './fulfil-entries.ts';
import { loadDueLots, loadRipeOfOwing } from './open-account.ts';

const DAY_MS = 86_400_000;

/** How refunds that name no order find theirs. */
export interface RefundSettings {
  /** How many of a customer's newest purchases they are matched with. */
  lookBackPurchases: number;
  /** For how long what they did not find is matched with purchases that come later; 0 = not at all. */
  openDays: number;
}

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
const loadLots = async (
  tx: Tx,
  book: Book,
  plan: readonly PlannedStep[],
  payments: readonly Payment[],
): Promise<void> => {
  const refunded = refundedCustomers(plan);
  if (refunded.length === 0) return;
  const paying = payments.flatMap(({ allocations }) => allocations.map(({ lotId }) => lotId));
  const due = pointsDueBy(plan);
  const ownLots = plan.flatMap((step) =>
    step.kind === 'refund' ? step.matches.flatMap(({ dues }) => dues.map(({ earnId }) => earnId)) : [],
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

/** What is open of refunds that new orders may be about; nothing is asked where the accounts, which are locked, know of none. */
const findOpen = async (tx: Tx, book: Book, steps: readonly Step[]): Promise<RefundCase[]> => {
  const bought = steps.flatMap((step) => (step.kind === 'purchase' ? [step.purchase.order] : []));
  const awaited = bought.filter(({ customerId }) => accountOf(book, customerId).nextClosingMs !== null);
  if (awaited.length === 0) return [];
  const oldest = new Map<string, number>();
  for (const { customerId, occurredAtMs } of awaited)
    oldest.set(customerId, Math.min(occurredAtMs, oldest.get(customerId) ?? occurredAtMs));
  const questions = [...oldest].map(([customerId, sinceMs]) => ({ customerId, sinceMs }));
  return findOpenRefunds(tx, questions, isoOfMs(book.nowMs));
};

/** Tells accounts when the next of their refunds is to be closed, once refunds are written: those that are open now and those that were. */
const setClosings = async (tx: Tx, book: Book, cases: readonly RefundCase[], wereOpen: readonly RefundCase[]) => {
  for (const { refund, open } of cases) {
    if (!open) continue;
    const account = accountOf(book, refund.customerId);
    account.nextClosingMs = earlierMs(account.nextClosingMs, open.untilMs);
  }
  const closed = wereOpen.flatMap(({ refund, open }) => (open ? [] : [refund.customerId]));
  if (closed.length === 0) return;
  const next = await findNextClosings(tx, [...new Set(closed)]);
  for (const customerId of closed) accountOf(book, customerId).nextClosingMs = next.get(customerId) ?? null;
};

/** What deciding needs to know beside the events. */
export interface DecisionDeps {
  rules: Rules;
  refunds: RefundSettings;
}

/**
 * Decides events one by one on what was loaded under lock: matches refunds with orders, earns, takes back. Changes the
 * book, writes orders and refunds; the book itself is the caller's to save. Returns the refunds from before that took something of
 * the orders.
 */
export const decideSteps = async (
  tx: Tx,
  book: Book,
  { steps, waiting, customers }: Decision,
  { rules, refunds: { lookBackPurchases, openDays } }: DecisionDeps,
): Promise<RefundCase[]> => {
  const cases = [...steps.flatMap((step) => (step.kind === 'refund' ? [step.case] : [])), ...waiting];
  const ownOrderIds = steps.flatMap((step) => (step.kind === 'purchase' ? [step.purchase.order.orderId] : []));
  const [accounts, known] = await Promise.all([
    lockAccounts(tx, [...customers]),
    findKnownOrders(tx, cases, ownOrderIds, lookBackPurchases),
  ]);
  addAccounts(book, accounts);
  await loadRipeOfOwing(tx, book, accounts);
  const open = await findOpen(tx, book, steps);
  const wereOpen = [...open, ...cases.filter((each) => each.open)];
  const purchases = steps.flatMap((step) => (step.kind === 'purchase' ? [step.purchase] : []));
  await capOrders(tx, purchases, rules);
  await fulfilEntries(
    tx,
    rules,
    purchases.filter(({ uncounted }) => uncounted !== undefined),
    Temporal.Instant.fromEpochMilliseconds(book.nowMs),
  );
  const openUntilMs = openDays === 0 ? null : book.nowMs + openDays * DAY_MS;
  const plan = planSteps(steps, known, { waiting, open }, openUntilMs);
  const returns = returnsOf(rules.programme);
  const orders = refundedOrders(plan);
  const payments = returns.spentPoints === 'none' || orders.length === 0 ? [] : await lockPayments(tx, orders);
  await loadLots(tx, book, plan, payments);
  bookPlan(book, plan, returns, payments);

  const reopened = open.filter(({ matching }) => matching.matches.length > 0);
  const settled = [...cases.filter(({ status }) => status !== 'waiting'), ...reopened];
  const held = settled.filter((each) => each.held.length > 0);
  const changed = new Set(settled.flatMap(({ matching }) => matching.matches.map(({ order }) => order)));
  await Promise.all([
    changed.size > 0 ? saveOrders(tx, [...changed]) : undefined,
    payments.length > 0 ? saveGivenBack(tx, payments) : undefined,
    settled.length > 0 ? saveRefunds(tx, settled) : undefined,
    held.length > 0 ? keepHeld(tx, held) : undefined,
  ]);
  await setClosings(tx, book, cases, wereOpen);
  return reopened;
};
