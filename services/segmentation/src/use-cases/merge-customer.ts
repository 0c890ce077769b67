import type { Tx } from '@vafa/bus';
import type { CustomerMerged, EventOf } from '@vafa/contracts';
import { AppError, present } from '@vafa/kernel';
import { mergeCustomers } from '../domain/merge-customers.ts';
import { momentOf } from '../domain/moment.ts';
import { latestSettings } from '../domain/thresholds.ts';
import { markMerged } from '../store/customers.ts';
import { deleteDue } from '../store/due.ts';
import { moveInteractions } from '../store/interactions.ts';
import { moveOrders, updateBalances } from '../store/orders.ts';
import { moveRefunds, updateStatuses } from '../store/refunds.ts';
import { holdSettings } from '../store/settings.ts';
import { correctSpend, moveSpend } from '../store/spend.ts';
import { eraseCustomer } from './erase-customer.ts';
import { holdCustomers } from './hold-customers.ts';
import { loadHistories } from './load-book.ts';
import { emitChanges, saveCustomers } from './save-customers.ts';

/**
 * Lets a customer live on in another; whatever is told of the old id from now on goes to the new one. A repeat does
 * nothing.
 * @throws AppError conflict segmentation.merged_into_itself, segmentation.merged_elsewhere (it lives on in a third one)
 */
export const mergeCustomer = async (
  tx: Tx,
  event: EventOf<typeof CustomerMerged>,
  lookBackOrders: number,
): Promise<void> => {
  const at = momentOf(event);
  const { customerId: fromId, intoCustomerId } = event.data;
  const settings = await holdSettings(tx);
  const { stored } = await holdCustomers(
    tx,
    [fromId, intoCustomerId].map((customerId) => ({ customerId, at })),
    latestSettings(settings).version,
  );
  const from = stored.get(fromId)?.customer;
  const into = stored.get(intoCustomerId)?.customer;
  if (!from) return;
  // The one it lives on in asked to be forgotten, so this is forgotten too.
  if (!into) return eraseCustomer(tx, fromId, at);
  if (from.customerId !== fromId) {
    if (from.customerId === into.customerId) return;
    throw new AppError('conflict', 'segmentation.merged_elsewhere', 'the customer was merged into another one before');
  }
  if (into.customerId === fromId)
    throw new AppError('conflict', 'segmentation.merged_into_itself', 'a customer cannot be merged into itself');

  const intoId = into.customerId;
  const histories = await loadHistories(tx, [fromId, intoId], lookBackOrders);
  const sideOf = (customer: typeof from) => ({
    customer,
    history: present(histories.get(customer.customerId), 'history'),
  });
  const merged = mergeCustomers(sideOf(from), sideOf(into), settings, at);
  await moveOrders(tx, fromId, intoId);
  await moveRefunds(tx, fromId, intoId);
  await moveSpend(tx, fromId, intoId);
  await moveInteractions(tx, fromId, intoId);
  await updateBalances(tx, merged.changedBalances);
  await updateStatuses(tx, merged.changedStatuses);
  await correctSpend(
    tx,
    merged.spend.map((delta) => ({ ...delta, customerId: intoId })),
  );
  await markMerged(tx, fromId, intoId);
  await deleteDue(tx, fromId);
  await saveCustomers(tx, [merged.customer], new Map([[intoId, stored.get(intoId)?.dueAt]]), settings);
  await emitChanges(
    tx,
    merged.changes.map((change) => ({ customerId: intoId, change, cause: event })),
  );
};
