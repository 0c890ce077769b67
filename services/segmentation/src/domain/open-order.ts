import { itemsOf, type Order } from './order.ts';

/** What is left of an order while refunds are set against it. */
export interface OpenOrder {
  order: Order;
  leftMinor: number;
  /** The order's own as long as nothing was taken back: few orders ever lose anything, so few are copied. */
  leftQuantities: ReadonlyMap<string, number>;
  refundedWhole: boolean;
}

export const openOrder = (order: Order): OpenOrder => ({
  order,
  leftMinor: order.totalMinor,
  leftQuantities: order.quantities,
  refundedWhole: false,
});

/** Was all of it given back: named whole, all the money, or all the things? Such an order doesn't count any more. */
export const isVoid = ({ order, leftMinor, leftQuantities, refundedWhole }: OpenOrder): boolean =>
  refundedWhole ||
  (order.totalMinor > 0 && leftMinor === 0) ||
  (order.quantities.size > 0 && itemsOf(leftQuantities) === 0);

/** Takes back up to `quantity` of a SKU; returns how many there were. */
export const takeItems = (open: OpenOrder, sku: string, quantity: number): number => {
  const left = open.leftQuantities.get(sku) ?? 0;
  const taken = Math.min(left, quantity);
  if (taken > 0) open.leftQuantities = new Map(open.leftQuantities).set(sku, left - taken);
  return taken;
};

/** Takes back up to `amountMinor`; returns how much there was. Never more than was paid. */
export const takeMoney = (open: OpenOrder, amountMinor: number): number => {
  const taken = Math.min(open.leftMinor, amountMinor);
  open.leftMinor -= taken;
  return taken;
};

export const takeAll = (open: OpenOrder): void => {
  open.leftMinor = 0;
  open.leftQuantities = new Map();
  open.refundedWhole = true;
};
