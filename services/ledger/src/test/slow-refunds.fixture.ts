import type { Refund, RefundedLine } from '../domain/order.ts';
import type { ReturnPolicy, SpentPoints } from '../domain/programme.ts';
import type { SlowBook, SlowHold, SlowLot } from './slow-book.fixture.ts';
import { isNobody } from './slow-leave.fixture.ts';
import type { SlowBasis } from './slow-rules.fixture.ts';

export interface SlowOrder {
  orderId: string;
  customerId: string;
  timeMs: number;
  total: number;
  lines: { sku: string; quantity: number; amount: number; goneQuantity: number; goneAmount: number }[];
  refunded: number;
  /** Was refunded as a whole. */
  whole: boolean;
  earned: number;
  /** By rule: what it earned, and what of that refunds were to take back so far. */
  entries: { ruleId: string; points: number; due: number; basis?: SlowBasis | undefined }[];
  taken: number;
}

/** What refunds do, order by order and point by point. */
export const createSlowRefunds = (
  book: SlowBook,
  orders: ReadonlyMap<string, SlowOrder>,
  rules: { policy: ReturnPolicy; spentPoints: SpentPoints },
) => {
  const { holds, customer, log, expire, giveBack, takeOne } = book;

  const paymentsOf = ({ orderId, customerId }: SlowOrder): SlowHold[] =>
    holds
      .filter((hold) => hold.captured > 0 && hold.orderId === orderId && hold.customerId === customerId)
      .sort((a, b) => a.capturedMs - b.capturedMs);
  const isRefundedToTheLast = (order: SlowOrder, whole: boolean): boolean =>
    order.total === 0 ? whole : order.refunded === order.total;

  /** What had paid for the order comes back, as far as the policy says. */
  const spentBack = (order: SlowOrder, before: number, whole: boolean): void => {
    const paying = paymentsOf(order);
    const paid = paying.reduce((sum, { captured }) => sum + captured, 0);
    const left = paying.reduce((sum, { points }) => sum + points, 0);
    const share = (money: number): number => Math.floor((paid * money) / order.total);
    let back = 0;
    if (rules.spentPoints === 'all' || (rules.spentPoints === 'proportional' && order.total === 0))
      back = isRefundedToTheLast(order, whole) ? left : 0;
    else if (rules.spentPoints === 'proportional') back = Math.min(left, share(order.refunded) - share(before));
    for (const hold of paying) {
      const part = Math.min(back, hold.points);
      if (part === 0) continue;
      giveBack(hold, part);
      back -= part;
      log(order.customerId, 'redeem_reversal', part);
    }
    expire(order.customerId);
  };

  /** What is captured after its order was refunded comes back as if it had been captured before. */
  const spentBackLate = (hold: SlowHold): void => {
    const order = orders.get(hold.orderId ?? '');
    if (order?.customerId !== hold.customerId || rules.spentPoints === 'none') return;
    const paid = paymentsOf(order).reduce((sum, { captured }) => sum + captured, 0);
    const share = (points: number): number => Math.floor((points * order.refunded) / order.total);
    let back = isRefundedToTheLast(order, order.whole) ? hold.captured : 0;
    if (rules.spentPoints === 'proportional' && order.total > 0) back = share(paid) - share(paid - hold.captured);
    if (back === 0) return;
    giveBack(hold, back);
    log(hold.customerId, 'redeem_reversal', back);
  };

  /** What refunds are to take of points that were held, once they are given back. */
  const claims: { order: SlowOrder; ruleId: string; points: number; timeMs: number; heldBy: SlowHold[] }[] = [];
  /** A hold has ended, and so many spendable points of it are back. */
  const collect = (hold: SlowHold, pointsBack: number): void => {
    let left = pointsBack;
    for (const claim of claims.filter(({ heldBy }) => heldBy.includes(hold)).sort((a, b) => a.timeMs - b.timeMs)) {
      const own = lotOf(claim.order, claim.ruleId);
      const lots = book.inOrder(
        hold.customerId,
        hold.from.map(({ lot }) => lot),
      );
      if (own && lots.includes(own)) lots.unshift(own);
      let taken = 0;
      for (; left > 0 && claim.points > 0; left--) {
        takeOne(hold.customerId, lots);
        claim.points -= 1;
        taken += 1;
      }
      claim.order.taken += taken;
      if (taken > 0) log(hold.customerId, 'clawback', -taken);
      claim.heldBy.splice(claim.heldBy.indexOf(hold), 1);
    }
  };

  const lotOf = ({ orderId, customerId }: SlowOrder, ruleId: string): SlowLot | undefined =>
    customer(customerId).lots.find(({ origin }) => origin === `${orderId} ${ruleId}`);

  const clawEntry = (order: SlowOrder, ruleId: string, due: number, timeMs: number): void => {
    const own = customer(order.customerId);
    const lot = lotOf(order, ruleId);
    const fromPending = Math.min(due, lot?.pending ?? 0);
    if (lot && fromPending > 0) {
      lot.pending -= fromPending;
      order.taken += fromPending;
      log(order.customerId, 'clawback', 0);
    }
    // Of what could not be spent at that time, as from any balance.
    const wasPending = timeMs < (lot?.spendableFromMs ?? Number.NEGATIVE_INFINITY);
    if (rules.policy === 'only_pending' && !wasPending) return;
    let taken = 0;
    let missing = 0;
    // What was refunded before it expired should have been taken: the expiry is undone for it.
    const tooLate = lot !== undefined && lot.expiresAtMs !== null && timeMs < lot.expiresAtMs;
    if (lot && tooLate) {
      const undone = Math.min(due - fromPending, lot.expired - lot.waived);
      lot.expired -= undone;
      lot.left += undone;
      if (undone > 0) log(order.customerId, 'expire_reversal', undone);
      lot.left -= undone;
      taken = undone;
    }
    for (let point = fromPending + taken; point < due; point++) {
      if (lot && !tooLate && lot.expired > lot.waived) {
        lot.waived += 1;
        continue;
      }
      if (!takeOne(order.customerId, lot ? [lot] : [])) {
        if (rules.policy !== 'allow_negative') {
          missing += 1;
          continue;
        }
        own.deficit += 1;
      }
      taken += 1;
    }
    order.taken += taken;
    if (taken > 0) log(order.customerId, 'clawback', -taken);
    const points = Math.min(missing, book.reserved(order.customerId));
    const heldBy = holds.filter((hold) => hold.open && hold.customerId === order.customerId);
    if (points > 0) claims.push({ order, ruleId, points, timeMs, heldBy });
  };

  /** Points that stay of an entry: of what its lines still have, what amounts have left of the order without its returned lines. */
  const staysOf = (order: SlowOrder, { points, basis }: SlowOrder['entries'][number]): number => {
    const stays = (order.total - order.refunded) / order.total;
    if (!basis || stays === 0) return points * stays;
    const returned = order.lines.reduce((sum, { goneAmount }) => sum + goneAmount, 0);
    const keptOf = ({ sku, weight }: SlowBasis[number]): number => {
      const line = order.lines.find((each) => each.sku === sku);
      const gone = line
        ? [
            (weight * line.goneQuantity) / (line.quantity || 1),
            line.amount === 0 ? 0 : (weight * line.goneAmount) / line.amount,
          ]
        : [];
      return weight - Math.max(0, ...gone.map(Math.floor));
    };
    const weight = basis.reduce((sum, each) => sum + each.weight, 0);
    const kept = basis.reduce((sum, each) => sum + keptOf(each), 0);
    return (points * kept * (order.total - order.refunded)) / (weight * (order.total - returned));
  };

  const claw = (order: SlowOrder, amount: number, timeMs: number, whole = false): void => {
    const before = order.refunded;
    order.refunded += amount;
    order.whole ||= whole;
    spentBack(order, before, whole);
    for (const entry of order.entries) {
      const share =
        order.total === 0 ? (whole ? entry.points : 0) : Math.floor(entry.points - staysOf(order, entry) + 1e-9);
      const due = Math.max(0, share - entry.due);
      entry.due += due;
      clawEntry(order, entry.ruleId, due, timeMs);
    }
  };

  /** Finds the pieces, order by order; then what money is left over goes to the lines that gave all of a kind. */
  const linesOf = (from: readonly SlowOrder[], wanted: RefundedLine[]): [SlowOrder, number][] => {
    const amounts: { order: SlowOrder; amount: number }[] = [];
    const gave: { want: RefundedLine; order: SlowOrder }[] = [];
    const count = (order: SlowOrder, want: RefundedLine, quantity: number, upTo: number): void => {
      const line = order.lines.find(({ sku }) => sku === want.sku);
      if (!line) return;
      const part = amounts.find((each) => each.order === order) ?? { order, amount: 0 };
      if (!amounts.includes(part)) amounts.push(part);
      const counted = Math.min(upTo, line.amount - line.goneAmount, order.total - order.refunded - part.amount);
      line.goneQuantity += quantity;
      line.goneAmount += counted;
      part.amount += counted;
      want.quantity -= quantity;
      want.amountMinor -= counted;
    };
    for (const order of from)
      for (const want of wanted) {
        const line = order.lines.find(({ sku }) => sku === want.sku);
        const quantity = line ? Math.min(want.quantity, line.quantity - line.goneQuantity) : 0;
        if (quantity === 0) continue;
        gave.push({ want, order });
        count(order, want, quantity, Math.floor((want.amountMinor * quantity) / want.quantity));
      }
    for (const want of wanted)
      for (const each of gave)
        if (each.want === want && want.quantity === 0) count(each.order, want, 0, want.amountMinor);
    return amounts.map(({ order, amount }) => [order, amount]);
  };

  const ofOrder = (refund: Refund, order: SlowOrder, wanted: RefundedLine[], timeMs: number): void => {
    const left = order.total - order.refunded;
    if (refund.scope === 'whole') {
      for (const line of order.lines) Object.assign(line, { goneQuantity: line.quantity, goneAmount: line.amount });
      claw(order, left, timeMs, true);
      return;
    }
    const wholeAmount = wanted.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    const money = refund.scope === 'amount' ? (refund.amountMinor ?? 0) : wholeAmount;
    if (refund.scope === 'amount' || order.lines.length === 0) claw(order, Math.min(left, money), timeMs);
    else for (const [, part] of linesOf([order], wanted)) claw(order, part, timeMs);
  };

  const ofNewest = (refund: Refund, wanted: RefundedLine[], timeMs: number): void => {
    let amountLeft = refund.amountMinor ?? 0;
    const newest = [...orders.values()]
      .filter((order) => order.customerId === refund.customerId && order.timeMs <= timeMs)
      .filter((order) => order.refunded < order.total)
      .sort((a, b) => b.timeMs - a.timeMs);
    // All is matched before points are taken.
    const parts: [SlowOrder, number][] = refund.scope === 'amount' ? [] : linesOf(newest, wanted);
    if (refund.scope === 'amount')
      for (const order of newest) {
        const part = Math.min(amountLeft, order.total - order.refunded);
        amountLeft -= part;
        parts.push([order, part]);
      }
    for (const [order, part] of parts) claw(order, part, timeMs);
  };

  return {
    ...{ spentBackLate, collect },
    /** Of an order that is known, or of the newest that fit. Refused (false) when the order is another customer's. */
    apply: (refund: Refund): boolean => {
      const timeMs = Date.parse(refund.occurredAt);
      const wanted = refund.lines.map((line) => ({ ...line }));
      const order = refund.orderId === null ? undefined : orders.get(refund.orderId);
      if (order && isNobody(order.customerId)) return true;
      if (refund.orderId !== null && order?.customerId !== refund.customerId) return false;
      book.settle(refund.customerId);
      if (order) ofOrder(refund, order, wanted, timeMs);
      else ofNewest(refund, wanted, timeMs);
      return true;
    },
  };
};
