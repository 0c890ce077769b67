import type { Tx } from '@vafa/bus';
import { detailsOf } from '../domain/order-details.ts';
import { findPurchaseHashes, insertPurchases } from '../store/purchases.ts';
import { claimRefunds, findRefundHashes } from '../store/refunds.ts';
import type { Rules } from './current-programme.ts';
import {
  type Batch,
  purchaseConflict,
  type ReadPurchase,
  type ReadRefund,
  type Refused,
  refundConflict,
} from './read-batch.ts';

/** What of a batch was not known yet. */
export interface Fresh {
  steps: (ReadPurchase | ReadRefund)[];
  purchases: ReadPurchase[];
  refunds: ReadRefund[];
  refused: Refused[];
}

/** Returns the ids of those that were known. */
const keepPurchases = async (
  tx: Tx,
  purchases: readonly ReadPurchase[],
  common: { recordedAt: string; programmeVersion: number | null },
): Promise<ReadonlySet<string>> => {
  if (purchases.length === 0) return new Set();
  const rows = purchases.map(({ event, purchase, contentHash, note }) => ({
    order: purchase.order,
    occurredAt: purchase.occurredAt,
    contentHash,
    note,
    details: detailsOf(event.data),
  }));
  return insertPurchases(tx, rows, common);
};

/** Returns the ids of those that are new. */
const claim = async (tx: Tx, refunds: readonly ReadRefund[], recordedAt: string): Promise<Set<string>> =>
  refunds.length === 0
    ? new Set()
    : claimRefunds(
        tx,
        refunds.map(({ case: { refund }, contentHash }) => ({ refund, contentHash })),
        recordedAt,
      );

/** Known ones whose content differs from what was kept under their id. */
const differing = async <Step extends ReadPurchase | ReadRefund>(
  known: readonly Step[],
  idOf: (step: Step) => string,
  findHashes: (ids: readonly string[]) => Promise<Map<string, string>>,
): Promise<Step[]> => {
  if (known.length === 0) return [];
  const hashes = await findHashes(known.map(idOf));
  return known.filter((step) => hashes.get(idOf(step)) !== step.contentHash);
};

const orderIdOf = ({ purchase }: ReadPurchase): string => purchase.order.orderId;
const refundIdOf = ({ case: { refund } }: ReadRefund): string => refund.refundId;

/**
 * Keeps the orders and refunds that are new, as the first writes of the transaction; what is known already is left out, or
 * refused when its content differs.
 */
export const keepFresh = async (tx: Tx, batch: Batch, rules: Rules, recordedAt: string): Promise<Fresh> => {
  const purchases = batch.steps.filter((step) => step.kind === 'purchase');
  const refunds = batch.steps.filter((step) => step.kind === 'refund');
  const programmeVersion = rules.programme?.version ?? null;
  const [knownOrders, newRefunds] = await Promise.all([
    keepPurchases(tx, purchases, { recordedAt, programmeVersion }),
    claim(tx, refunds, recordedAt),
  ]);
  const [otherOrders, otherRefunds] = await Promise.all([
    differing(
      purchases.filter((step) => knownOrders.has(orderIdOf(step))),
      orderIdOf,
      (ids) => findPurchaseHashes(tx, ids),
    ),
    differing(
      refunds.filter((step) => !newRefunds.has(refundIdOf(step))),
      refundIdOf,
      (ids) => findRefundHashes(tx, ids),
    ),
  ]);
  const steps = batch.steps.filter((step) =>
    step.kind === 'purchase' ? !knownOrders.has(orderIdOf(step)) : newRefunds.has(refundIdOf(step)),
  );
  return {
    steps,
    purchases: steps.filter((step) => step.kind === 'purchase'),
    refunds: steps.filter((step) => step.kind === 'refund'),
    refused: [
      ...otherOrders.map(({ event }) => ({ event, error: purchaseConflict() })),
      ...otherRefunds.map(({ event }) => ({ event, error: refundConflict() })),
    ],
  };
};
