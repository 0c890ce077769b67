import type { Tx } from '@vafa/bus';
import { isNobody } from '../domain/plan.ts';
import { type RefundCase, voidRefund } from '../domain/refund-case.ts';
import { saveRefunds } from '../store/refunds.ts';
import type { Fresh } from './keep-fresh.ts';

/** What of a batch is to be booked for somebody: events, and refunds that waited for its orders. */
export interface Booked {
  fresh: Fresh;
  waiting: RefundCase[];
}

/**
 * Leaves out what was told after its customer was erased: it is kept already, under names of nobody, and moves no points. Such
 * refunds, and those that waited for such orders, are void.
 */
export const keepForNobody = async (tx: Tx, { fresh, waiting }: Booked): Promise<Booked> => {
  const orders = fresh.purchases.filter(({ purchase }) => isNobody(purchase.order.customerId));
  const refunds = fresh.refunds.filter((step) => isNobody(step.case.refund.customerId));
  if (orders.length + refunds.length === 0) return { fresh, waiting };
  const nameOf = new Map(orders.map(({ purchase: { order } }) => [order.orderId, order.customerId]));
  const isAwaited = ({ refund }: RefundCase): boolean => nameOf.has(refund.orderId ?? '');
  const voided = [...refunds.map((step) => step.case), ...waiting.filter(isAwaited)];
  for (const each of voided) voidRefund(each, nameOf.get(each.refund.orderId ?? ''));
  if (voided.length > 0) await saveRefunds(tx, voided);
  const left = new Set<unknown>([...orders, ...refunds]);
  return {
    fresh: {
      steps: fresh.steps.filter((step) => !left.has(step)),
      purchases: fresh.purchases.filter((step) => !left.has(step)),
      refunds: fresh.refunds.filter((step) => !left.has(step)),
      refused: fresh.refused,
    },
    waiting: waiting.filter((each) => !isAwaited(each)),
  };
};
