import type { Tx } from '@vafa/bus';
import { deleteCustomer, lockCustomers } from '../store/customers.ts';
import { deleteDue } from '../store/due.ts';
import { noteErased } from '../store/erased.ts';
import { anonymiseOrders } from '../store/orders.ts';
import { anonymiseRefunds } from '../store/refunds.ts';
import { deleteSpend } from '../store/spend.ts';

/**
 * Forgets a customer. Orders and refunds stay without customer and content, so that a repeat is still known; of the id
 * only a hash stays, so that what happened before is not taken up again. An id that was merged into another loses only
 * its signpost: shops erase the spare record after a merge, and the customer lives on under the other.
 */
export const eraseCustomer = async (tx: Tx, customerId: string, at: Temporal.Instant): Promise<void> => {
  await lockCustomers(tx, [customerId]);
  const erased = await deleteCustomer(tx, customerId);
  await anonymiseOrders(tx, customerId);
  await anonymiseRefunds(tx, customerId);
  await deleteSpend(tx, customerId);
  await deleteDue(tx, customerId);
  await noteErased(tx, [...new Set([customerId, ...erased])], at);
};
