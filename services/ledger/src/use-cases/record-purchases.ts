import { emit, type HandlerContext, type HandlerResult, type Tx } from '@vafa/bus';
import { createBook } from '../domain/book.ts';
import { newRefundCase, type RefundCase } from '../domain/plan.ts';
import type { Door } from '../domain/transfer.ts';
import { creditAndLock, findSpecial } from '../store/accounts.ts';
import { findWaitingFor } from '../store/refunds.ts';
import { saveBook } from '../store/save-book.ts';
import { bookEarnings, creditsOf, earningsOf } from './book-earnings.ts';
import type { CurrentRules } from './current-programme.ts';
import { decideSteps } from './decide-steps.ts';
import { type Fresh, keepFresh } from './keep-fresh.ts';
import { eventsOf } from './points-events.ts';
import { type PurchaseEvent, type ReadPurchase, type ReadRefund, readBatch } from './read-batch.ts';

export interface RecordPurchasesDeps {
  currentRules: CurrentRules;
  /** How many of a customer's newest purchases a refund without a reference is matched with. */
  lookBackPurchases: number;
}

/** How many events of a batch came to what. */
export interface Outcomes {
  earned: number;
  earned_nothing: number;
  refunded: number;
  refund_waiting: number;
  refund_void: number;
  /** Known already, with the same content. */
  repeated: number;
  refused: number;
}

const outcomesOf = (events: number, { purchases, refunds }: Fresh, refused: number): Outcomes => {
  const earned = purchases.filter(({ purchase }) => purchase.order.earnId !== null).length;
  const refundsThat = (status: RefundCase['status']): number =>
    refunds.filter(({ case: each }) => each.status === status).length;
  const fresh = purchases.length + refunds.length - refundsThat('refused');
  return {
    earned,
    earned_nothing: purchases.length - earned,
    refunded: refundsThat('applied'),
    refund_waiting: refundsThat('waiting'),
    refund_void: refundsThat('void'),
    repeated: events - fresh - refused,
    refused,
  };
};

const customerOf = (step: ReadPurchase | ReadRefund): string =>
  step.kind === 'purchase' ? step.purchase.order.customerId : step.case.refund.customerId;

/** Which customers of a batch need care. */
interface Special {
  mergedInto: Map<string, string>;
  owing: Set<string>;
}

const findSpecialOf = async (tx: Tx, customerIds: readonly string[]): Promise<Special> => {
  const found = await findSpecial(tx, customerIds);
  const mergedInto = new Map(
    found.flatMap((each) => (each.mergedInto === null ? [] : [[each.customerId, each.mergedInto]])),
  );
  // Whom a customer was merged into may owe points too.
  if (mergedInto.size > 0) found.push(...(await findSpecial(tx, [...mergedInto.values()])));
  return {
    mergedInto,
    owing: new Set(found.filter((each) => each.mergedInto === null).map(({ customerId }) => customerId)),
  };
};

/** Refunds that came before this batch and wait for one of its orders. */
const findWaiting = async (tx: Tx, fresh: Fresh): Promise<RefundCase[]> => {
  if (fresh.purchases.length === 0) return [];
  // The batch's own refunds are kept as waiting until their outcome is written.
  const own = new Set(fresh.refunds.map(({ case: { refund } }) => refund.refundId));
  const waiting = await findWaitingFor(
    tx,
    fresh.purchases.map(({ purchase }) => purchase.order.orderId),
  );
  return waiting.filter(({ refundId }) => !own.has(refundId)).map((refund) => newRefundCase(refund));
};

/**
 * Customers whose events must be decided one by one, because the outcome depends on what they have: a refund is among
 * them, one has waited for an order among them, or points are owed.
 */
const findDeciders = (fresh: Fresh, waiting: readonly RefundCase[], owing: ReadonlySet<string>): Set<string> => {
  const awaited = new Set(waiting.map(({ refund }) => refund.orderId));
  const deciders = new Set(fresh.refunds.map(customerOf));
  for (const step of fresh.purchases) {
    const customerId = customerOf(step);
    if (owing.has(customerId) || awaited.has(step.purchase.order.orderId)) deciders.add(customerId);
  }
  return deciders;
};

/**
 * Books the purchases and refunds of a batch. Customers who only earn go through one statement per table; those whose
 * outcome depends on what they have are loaded under lock and decided event by event, in the same transaction.
 */
export const recordPurchases = async (
  tx: Tx,
  events: readonly PurchaseEvent[],
  context: HandlerContext,
  deps: RecordPurchasesDeps,
): Promise<HandlerResult & { outcomes: Outcomes }> => {
  const recordedAt = context.now.toString();
  const nowMs = context.now.epochMilliseconds;
  const [rules, special] = await Promise.all([
    deps.currentRules(tx),
    findSpecialOf(tx, [...new Set(events.map(({ data }) => data.customerId))]),
  ]);
  const batch = readBatch(events, rules, (customerId) => special.mergedInto.get(customerId) ?? customerId);
  const fresh = await keepFresh(tx, batch, rules, recordedAt);
  const waiting = await findWaiting(tx, fresh);
  const deciders = findDeciders(fresh, waiting, special.owing);

  const onlyEarning = fresh.purchases.filter((step) => !deciders.has(customerOf(step)));
  const earnings = earningsOf(onlyEarning.map(({ purchase }) => purchase));
  const credits = creditsOf(earnings, deciders, nowMs);
  const credited = credits.length > 0 ? await creditAndLock(tx, credits) : [];

  const door: Door = `p${context.partition}`;
  const book = createBook(door, context.now);
  if (deciders.size > 0) {
    const steps = fresh.steps.filter((step) => deciders.has(customerOf(step)));
    await decideSteps(
      tx,
      book,
      { steps, waiting, customers: deciders },
      { rules, lookBackPurchases: deps.lookBackPurchases },
    );
  }
  const common = { door, recordedAt, ruleVersion: rules.programme?.version ?? null };
  const [earned] = await Promise.all([bookEarnings(tx, earnings, credited, common), saveBook(tx, book, recordedAt)]);
  await emit(tx, [...earned, ...eventsOf(book)]);
  const refusedRefunds = fresh.refunds.flatMap(({ event, case: { error } }) => (error ? [{ event, error }] : []));
  const refused = [...batch.refused, ...fresh.refused, ...refusedRefunds];
  return { refused, outcomes: outcomesOf(events.length, fresh, refused.length) };
};
