import type { Tx } from '@vafa/bus';
import type { PaidOrder } from '../domain/give-back.ts';
import { lockPayments } from '../store/payments.ts';
import { findOrders } from '../store/purchases.ts';
import { findRefundedWhole } from '../store/refunds.ts';

/** An order that a customer's reservation pays for. */
export interface PaidBy {
  customerId: string;
  orderId: string;
}

export interface RefundedOrder extends PaidOrder {
  customerId: string;
}

/**
 * The orders that reservations of their customers pay for and of which something is refunded already, by id: a shop may
 * capture when it ships, and customers return what is on its way. The customers' accounts are locked.
 */
export const findRefundedOrders = async (tx: Tx, paid: readonly PaidBy[]): Promise<Map<string, RefundedOrder>> => {
  if (paid.length === 0) return new Map();
  const payers = Map.groupBy(paid, ({ orderId }) => orderId);
  const orders = (await findOrders(tx, [...payers.keys()])).filter(({ orderId, customerId }) =>
    payers.get(orderId)?.some((payer) => payer.customerId === customerId),
  );
  // Of an order of total 0 no money tells.
  const free = orders.filter(({ totalMinor }) => totalMinor === 0);
  const whole = free.length === 0 ? [] : await findRefundedWhole(tx, ...listsOf(free));
  const isWhole = (order: PaidBy): boolean =>
    whole.some(({ customerId, orderId }) => customerId === order.customerId && orderId === order.orderId);
  const refunded = orders.filter((order) => order.refundedMinor > 0 || isWhole(order));
  if (refunded.length === 0) return new Map();
  const payments = await lockPayments(
    tx,
    refunded.map(({ orderId }) => orderId),
  );
  return new Map(
    refunded.map((order) => {
      const own = payments.filter(
        ({ customerId, orderId }) => customerId === order.customerId && orderId === order.orderId,
      );
      const paidBefore = own.reduce((sum, { captured }) => sum + captured, 0);
      return [order.orderId, { customerId: order.customerId, order, whole: isWhole(order), paidBefore }];
    }),
  );
};

const listsOf = (orders: readonly PaidBy[]): [customerIds: string[], orderIds: string[]] => [
  orders.map(({ customerId }) => customerId),
  orders.map(({ orderId }) => orderId),
];
