import { emit, type HandlerContext, type HandlerResult, planAnew, type Tx } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import { createBook } from '../domain/book.ts';
import type { Refund } from '../domain/order.ts';
import { ERASED_PREFIX } from '../domain/plan.ts';
import { newRefundCase, type RefundCase } from '../domain/refund-case.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { freeTierOf } from '../domain/tiers/structure.ts';
import type { Door } from '../domain/transfer.ts';
import { type Credit, type Credited, creditAndLock, lockByName } from '../store/accounts.ts';
import { findFacts } from '../store/profiles.ts';
import { findWaitingFor } from '../store/refunds.ts';
import { saveBook } from '../store/save-book.ts';
import { bookEarnings, creditsOf, earningsOf } from './book-earnings.ts';
import { countPurchases, countSettled, countTowardsTiers } from './count-towards-tiers.ts';
import type { Rules } from './current-programme.ts';
import { decideSteps, type RefundSettings } from './decide-steps.ts';
import type { Standings } from './find-standings.ts';
import { fulfilEntries } from './fulfil-entries.ts';
import { type Activity, keepAlive } from './keep-alive.ts';
import { keepForNobody } from './keep-for-nobody.ts';
import { type Fresh, keepFresh } from './keep-fresh.ts';
import { type Owned, requireSameOwners } from './owned-events.ts';
import { eventsOf } from './points-events.ts';
import { type Batch, type PurchaseEvent, type ReadPurchase, type ReadRefund, readBatch } from './read-batch.ts';
import { settleTiers } from './settle-tiers.ts';
import type { TierRules } from './tier-rules.ts';

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

const NOTHING_KNOWN: ReadonlyMap<string, CustomerFacts> = new Map();

const customerOf = (step: ReadPurchase | ReadRefund): string =>
  step.kind === 'purchase' ? step.purchase.order.customerId : step.case.refund.customerId;

/** Refunds that wait for an order of this batch, the batch's own among them. Sent along with the claim of those orders. */
const findWaiting = async (tx: Tx, { steps }: Batch): Promise<Refund[]> => {
  const orderIds = steps.flatMap((step) => (step.kind === 'purchase' ? [step.purchase.order.orderId] : []));
  return orderIds.length === 0 ? [] : findWaitingFor(tx, orderIds);
};

/** Those that came before this batch and whose order is new. The batch's own are kept as waiting until their outcome is written. */
const earlierOf = (waiting: readonly Refund[], fresh: Fresh): RefundCase[] => {
  if (waiting.length === 0) return [];
  const own = new Set(fresh.refunds.map(({ case: { refund } }) => refund.refundId));
  const orders = new Set(fresh.purchases.map(({ purchase }) => purchase.order.orderId));
  return waiting
    .filter(({ refundId, orderId }) => !own.has(refundId) && orders.has(orderId ?? ''))
    .map((refund) => newRefundCase(refund));
};

/**
 * Customers whose events must be decided one by one, because the outcome depends on what they have: a refund is among
 * them, one has waited for an order among them or is open for any, points are owed, or caps count what they earned.
 */
const findDeciders = (fresh: Fresh, waiting: readonly RefundCase[], dependent: ReadonlySet<string>): Set<string> => {
  const awaited = new Set(waiting.map(({ refund }) => refund.orderId));
  const deciders = new Set(fresh.refunds.map(customerOf));
  for (const step of fresh.purchases) {
    const customerId = customerOf(step);
    if (dependent.has(customerId) || awaited.has(step.purchase.order.orderId) || step.purchase.uncounted !== undefined)
      deciders.add(customerId);
  }
  return deciders;
};

const activityOf = ({ purchase: { order } }: ReadPurchase): Activity => ({
  customerId: order.customerId,
  atMs: order.occurredAtMs,
});

/** Customers to lock who earn nothing here: the deciders, and, where tiers count or points slide, whoever buys. */
const onlyLocked = (
  { tiers, keptAliveBy }: Rules,
  onlyEarning: readonly ReadPurchase[],
  deciders: ReadonlySet<string>,
): ReadonlySet<string> => {
  if (!tiers && !keptAliveBy.purchase) return deciders;
  const without = onlyEarning.filter(({ purchase }) => purchase.order.earnId === null).map(customerOf);
  const earning = new Set(onlyEarning.filter(({ purchase }) => purchase.order.earnId !== null).map(customerOf));
  return new Set([...deciders, ...without.filter((customerId) => !earning.has(customerId))]);
};

/** Customers whose accounts the batch locks. */
const lockedBy = (rules: Rules, purchases: readonly ReadPurchase[], deciders: ReadonlySet<string>): string[] => {
  const earning = purchases.filter(({ purchase }) => purchase.order.earnId !== null).map(customerOf);
  return [...new Set([...earning, ...onlyLocked(rules, purchases, deciders)])];
};

/**
 * Marks what awaits an interaction that was told before its order; the customers of those are decided one by one. All accounts of the
 * batch are locked before anything is asked; nothing is done where nothing awaits anything. What caps may change yet is looked at
 * when they have.
 */
const addFulfilled = async (
  tx: Tx,
  rules: Rules,
  purchases: readonly ReadPurchase[],
  deciders: Set<string>,
  now: Temporal.Instant,
): Promise<void> => {
  const certain = purchases.map(({ purchase }) => purchase).filter(({ uncounted }) => uncounted === undefined);
  if (!certain.some(({ entries }) => entries.some(({ terms }) => terms.awaits !== null))) return;
  await lockByName(tx, lockedBy(rules, purchases, deciders));
  for (const customerId of await fulfilEntries(tx, rules, certain, now)) deciders.add(customerId);
};

/** Customers who had no account, or one to which nothing was booked, before these credits. */
const newAmong = (credits: readonly Credit[], credited: readonly Credited[]): ReadonlySet<string> => {
  const transfersOf = new Map(credits.map(({ customerId, transfers }) => [customerId, transfers]));
  return new Set(credited.flatMap(({ customerId, seq }) => (seq === transfersOf.get(customerId) ? [customerId] : [])));
};

const ownedOf = ({ steps }: Fresh): Owned<PurchaseEvent>[] =>
  steps.map((step) => ({ event: step.event, owner: customerOf(step) }));

/** Counts what a batch has booked towards the customers' tiers, also by refunds from before it. Returns what to tell. */
const countBatch = async (
  tx: Tx,
  tiers: TierRules,
  fresh: Fresh,
  earlier: readonly RefundCase[],
  now: Temporal.Instant,
): Promise<EventEnvelope[]> => {
  const { metric } = tiers.structure;
  const purchases = fresh.purchases.map(({ purchase }) => purchase);
  const refunds = [...fresh.refunds.map((step) => step.case), ...earlier];
  const counted = [...countPurchases(metric, purchases), ...(await countSettled(tx, metric, refunds))];
  return countTowardsTiers(tx, tiers, counted, now);
};

/**
 * What the rules ask of those who bought; nothing is read when they ask nothing. A tier that is past its time is lost before: nobody
 * earns by it, and what is refunded does not count towards it any more.
 */
const findFactsOf = async (
  tx: Tx,
  events: readonly PurchaseEvent[],
  rules: Rules,
  ownerOf: (customerId: string, atMs: number) => string,
  now: Temporal.Instant,
): Promise<ReadonlyMap<string, CustomerFacts>> => {
  const { compiled, programme } = rules;
  const find = (): Promise<ReadonlyMap<string, CustomerFacts>> => {
    if (!compiled.purchase.asksCustomer) return Promise.resolve(NOTHING_KNOWN);
    const buyers = events.flatMap(({ type, data, time }) =>
      type === 'purchase.completed' ? [ownerOf(data.customerId, Date.parse(time))] : [],
    );
    return findFacts(tx, [...new Set(buyers)], programme?.tiers);
  };
  if (!rules.tiers) return find();
  const owners = [...new Set(events.map(({ data, time }) => ownerOf(data.customerId, Date.parse(time))))];
  // Sent at once; asked again in the rare case.
  const [settled, found] = await Promise.all([settleTiers(tx, rules, owners, now), find()]);
  return settled ? find() : found;
};

/** What else purchases bring about, once they are booked: counts towards tiers, and that they keep points alive. */
const tellFurther = async (
  tx: Tx,
  rules: Rules,
  batch: { fresh: Fresh; earlier: readonly RefundCase[]; door: Door; written: Promise<unknown> },
  now: Temporal.Instant,
): Promise<EventEnvelope[]> => {
  if (!rules.tiers && !rules.keptAliveBy.purchase) return [];
  await batch.written;
  const { fresh, earlier, door } = batch;
  await planAnew(tx);
  const tiers = rules.tiers ? await countBatch(tx, rules.tiers, fresh, earlier, now) : [];
  const settled = rules.keptAliveBy.purchase
    ? await keepAlive(tx, rules, fresh.purchases.map(activityOf), door, now)
    : [];
  return [...tiers, ...settled];
};

/**
 * Books the purchases and refunds of a batch, on what was found of it (`findStandings`), in a transaction that keeps its plans.
 * Customers who only earn go through one statement per table; those whose outcome depends on what they have are loaded under lock
 * and decided event by event, in the same transaction.
 */
export const recordPurchases = async (
  tx: Tx,
  events: readonly PurchaseEvent[],
  context: HandlerContext,
  { rules, special, formerOf }: Standings,
  { refunds }: { refunds: RefundSettings },
): Promise<HandlerResult & { outcomes: Outcomes }> => {
  const recordedAt = context.now.toString();
  const nowMs = context.now.epochMilliseconds;
  // What was told too late to be about somebody is nobody's, each time another's: nothing tells what belongs together.
  const ownerOf = (customerId: string, atMs: number): string =>
    formerOf(customerId, atMs) === undefined
      ? `${ERASED_PREFIX}${newId()}`
      : (special.mergedInto.get(customerId) ?? customerId);
  const batch = readBatch(events, rules, ownerOf, nowMs, await findFactsOf(tx, events, rules, ownerOf, context.now));
  const [kept, found] = await Promise.all([keepFresh(tx, batch, rules, recordedAt), findWaiting(tx, batch)]);
  const { fresh, waiting } = await keepForNobody(tx, { fresh: kept, waiting: earlierOf(found, kept) });
  const deciders = findDeciders(fresh, waiting, special.dependent);
  await addFulfilled(tx, rules, fresh.purchases, deciders, context.now);

  const onlyEarning = fresh.purchases.filter((step) => !deciders.has(customerOf(step)));
  const earnings = earningsOf(onlyEarning.map(({ purchase }) => purchase));
  const credits = creditsOf(earnings, onlyLocked(rules, onlyEarning, deciders), nowMs);
  const credited = credits.length > 0 ? await creditAndLock(tx, credits) : [];
  const sameOwners = requireSameOwners(tx, ownedOf(fresh), newAmong(credits, credited));
  // Heard below, with what was sent meanwhile.
  sameOwners.catch(() => undefined);

  const door: Door = `p${context.partition}`;
  const book = createBook(door, context.now);
  let reopened: RefundCase[] = [];
  if (deciders.size > 0) {
    const steps = fresh.steps.filter((step) => deciders.has(customerOf(step)));
    reopened = await decideSteps(tx, book, { steps, waiting, customers: deciders }, { rules, refunds });
  }
  const { programme, keptBefore } = rules;
  const tiers = programme?.tiers && { free: freeTierOf(programme.tiers) };
  const common = { door, recordedAt, ruleVersion: programme?.version ?? null, tiers, keptBefore };
  const earned = bookEarnings(tx, earnings, credited, common);
  const written = Promise.all([earned.written, saveBook(tx, book, recordedAt)]);
  // Heard below, unless something else fails before.
  written.catch(() => undefined);
  await sameOwners;
  const earlier = [...waiting, ...reopened];
  const further = await tellFurther(tx, rules, { fresh, earlier, door, written }, context.now);
  context.alongWithCommit(Promise.all([written, emit(tx, [...earned.events, ...eventsOf(book), ...further])]));
  const refusedRefunds = fresh.refunds.flatMap(({ event, case: { error } }) => (error ? [{ event, error }] : []));
  const refused = [...batch.refused, ...fresh.refused, ...refusedRefunds];
  return { refused, outcomes: outcomesOf(events.length, kept, refused.length) };
};
