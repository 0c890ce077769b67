import { mulDivFloor } from '@vafa/kernel';
import { type OpenOrder, takeItems, takeMoney } from './open-order.ts';
import type { Refund, ReturnedLine } from './refund.ts';

/**
 * Sets a refund that names no order against the customer's newest orders in its currency that are not younger than it:
 * lines against orders with that SKU, a bare amount against whatever money is left. Returns what fits no order; it was
 * still paid back, for something bought before our time.
 */
export const setAgainstNewest = (refund: Refund, newestFirst: readonly OpenOrder[]): number => {
  const refundedMs = refund.occurredAt.epochMilliseconds;
  const candidates = newestFirst.filter(
    ({ order }) => order.currency === refund.currency && order.occurredAt.epochMilliseconds <= refundedMs,
  );
  if (refund.scope === 'lines') return refund.lines.reduce((rest, line) => rest + returnLine(line, candidates), 0);
  let restMinor = refund.amountMinor;
  for (const open of candidates) {
    if (restMinor === 0) break;
    restMinor -= takeMoney(open, restMinor);
  }
  return restMinor;
};

/** The line's money goes with its things: pro rata to the quantity each order gives, the last one takes the remainder. */
const returnLine = (line: ReturnedLine, candidates: readonly OpenOrder[]): number => {
  let missing = line.quantity;
  let unsharedMinor = line.amountMinor;
  let restMinor = 0;
  for (const open of candidates) {
    if (missing === 0) break;
    const taken = takeItems(open, line.sku, missing);
    if (taken === 0) continue;
    missing -= taken;
    const shareMinor = missing === 0 ? unsharedMinor : mulDivFloor(line.amountMinor, taken, line.quantity);
    unsharedMinor -= shareMinor;
    restMinor += shareMinor - takeMoney(open, shareMinor);
  }
  return restMinor + unsharedMinor;
};
