import type { Tx } from '@vafa/bus';
import type { PaidOrder } from '../domain/give-back.ts';
import { lockPayments } from '../store/payments.ts';
import { findOrders } from '../store/purchases.ts';
import { isRefundedWhole } from '../store/refunds.ts';

/**
 * The order that a reservation of a customer pays for, if something of it is refunded already: a shop may capture when it ships,
 * and customers return what is on its way. The customer's account is locked.
 */
export const findRefundedOrder = async (
  tx: Tx,
  customerId: string,
  orderId: string | null,
): Promise<PaidOrder | undefined> => {
  if (orderId === null) return undefined;
  const [order] = await findOrders(tx, [orderId]);
  if (order?.customerId !== customerId) return undefined;
  // Of an order of total 0 no money tells.
  const whole = order.totalMinor === 0 && (await isRefundedWhole(tx, customerId, orderId));
  if (order.refundedMinor === 0 && !whole) return undefined;
  const others = (await lockPayments(tx, [orderId])).filter((payment) => payment.customerId === customerId);
  return { order, whole, paidBefore: others.reduce((sum, { captured }) => sum + captured, 0) };
};
