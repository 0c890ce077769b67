import type { HandlerResult, Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import { decidePurchases, type PurchaseEvent } from '../domain/decide-purchases.ts';
import { insertOrders, updateBalances } from '../store/orders.ts';
import { insertRefunds, updateStatuses } from '../store/refunds.ts';
import { addSpend } from '../store/spend.ts';
import { loadBook } from './load-book.ts';
import { emitChanges, saveCustomers } from './save-customers.ts';

export interface RecordPurchasesLimits {
  /** How many of a customer's newest orders and refunds a refund is looked at with. */
  lookBackOrders: number;
}

/**
 * Books a batch of purchases and refunds: load and lock what it touches, decide in memory in order, write a statement per
 * table. What was booked before does nothing.
 * @throws AppError unavailable segmentation.id_taken when an id was booked for another customer at the same moment
 */
export const recordPurchases = async (
  tx: Tx,
  events: readonly PurchaseEvent[],
  { lookBackOrders }: RecordPurchasesLimits,
): Promise<HandlerResult> => {
  const { book, dueAt } = await loadBook(tx, events, lookBackOrders);
  const decision = decidePurchases(book, events);
  const { newOrders, newRefunds } = decision;
  if (newOrders.length > 0) refuseTaken(newOrders.length, await insertOrders(tx, newOrders));
  if (newRefunds.length > 0) refuseTaken(newRefunds.length, await insertRefunds(tx, newRefunds));
  await updateBalances(tx, decision.changedBalances);
  await updateStatuses(tx, decision.changedStatuses);
  await addSpend(tx, decision.spend);
  await saveCustomers(tx, decision.customers, dueAt, book.settings);
  await emitChanges(tx, decision.changes);
  return { refused: decision.refused };
};

/** Two partitions may bring the same id at once. Trying again sees the other's row and decides rightly. */
const refuseTaken = (given: number, inserted: number): void => {
  if (inserted < given)
    throw new AppError(
      'unavailable',
      'segmentation.id_taken',
      'an order or refund id was booked by another customer just now',
    );
};
