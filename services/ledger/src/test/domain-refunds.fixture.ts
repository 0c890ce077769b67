import { bookPlan, type NewPurchase, planSteps, type Step } from '../domain/plan.ts';
import type { Returns } from '../domain/programme.ts';
import { newRefundCase, openRefundCase, type RefundCase } from '../domain/refund-case.ts';
import type { DomainTables } from './domain-tables.fixture.ts';

const OPEN_MS = 7 * 86_400_000;

/** Keeps what a refund is to take of points that are held, with what is held of it since before. */
const keepHeld = ({ reservations, heldClaims }: DomainTables, { refund, held }: RefundCase): void => {
  if (held.length === 0) return;
  const open = [...reservations.values()].flatMap(({ reservation: { id, customerId, status } }) =>
    customerId === refund.customerId && status === 'held' ? [id] : [],
  );
  const dues = held.map((due) => ({ ...due, taken: 0 }));
  const known = heldClaims.find((claim) => claim.refund.refundId === refund.refundId && claim.heldBy.size > 0);
  if (!known || known.dues.every(({ points }) => points === 0)) {
    heldClaims.push({ refund, dues, heldBy: new Set(open) });
    return;
  }
  known.dues.push(...dues);
  known.heldBy = new Set(open);
};

/** What of these steps took effect, as far as tiers count it. */
export interface Booked {
  bought: NewPurchase[];
  cases: RefundCase[];
}

/** Decides events by the deeds of the domain, and keeps orders and refunds as the store does. */
export const bookSteps = (tables: DomainTables, steps: readonly Step[], returns: Returns): Booked => {
  const { orders, refunds, refundedWhole, payments } = tables;
  const nowMs = tables.clock.now.epochMilliseconds;
  const own = steps.flatMap((step) => (step.kind === 'refund' ? [step.case] : []));
  const open = tables.open.filter((each) => !own.includes(each) && (each.open?.untilMs ?? 0) > nowMs);
  const unsettled = { waiting: tables.waiting, open };
  tables.withBook((book) => {
    const plan = planSteps(steps, orders.values(), unsettled, nowMs + OPEN_MS);
    bookPlan(book, plan, returns, payments);
  });
  const cases = [...tables.waiting, ...own];
  for (const { status, refund } of cases) {
    const seen = refunds.get(refund.refundId);
    if (seen) seen.refused = status === 'refused';
    if (status === 'applied' && refund.scope === 'whole' && refund.orderId !== null) refundedWhole.add(refund.orderId);
  }
  const all = [...cases, ...open];
  for (const each of all) keepHeld(tables, each);
  const bought = steps.flatMap((step) => (step.kind === 'purchase' ? [step.purchase] : []));
  for (const { order } of bought) orders.set(order.orderId, order);
  tables.waiting = cases.filter(({ status }) => status === 'waiting').map(({ refund }) => newRefundCase(refund));
  tables.open = all.flatMap(({ refund, open: left, matching }) =>
    left ? [openRefundCase(refund, left, matching.unmatchedMinor)] : [],
  );
  return { bought, cases: all };
};

/** Offers a customer that was given the orders of another to those of its refunds that lack something. */
export const offerAll = (tables: DomainTables, customerId: string, returns: Returns): Booked => {
  const nowMs = tables.clock.now.epochMilliseconds;
  const lacking = tables.open
    .filter(({ refund, open }) => refund.customerId === customerId && (open?.untilMs ?? 0) > nowMs)
    .sort((a, b) => Date.parse(a.refund.occurredAt) - Date.parse(b.refund.occurredAt));
  return bookSteps(
    tables,
    lacking.map((each) => ({ kind: 'refund', case: each })),
    returns,
  );
};
