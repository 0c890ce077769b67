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

/** A refund that names no order, and what of it none had so far: orders that come within some days may have it. */
interface SlowLacking {
  refund: Refund;
  lines: RefundedLine[];
  amount: number;
  untilMs: number;
}

const WAITS_MS = 7 * 86_400_000;

const oldestFirst = (a: { refund: Refund }, b: { refund: Refund }): number =>
  Date.parse(a.refund.occurredAt) - Date.parse(b.refund.occurredAt);

/** What refunds do, order by order and point by point. */
export const createSlowRefunds = (
  book: SlowBook,
  orders: ReadonlyMap<string, SlowOrder>,
  rules: { policy: ReturnPolicy; spentPoints: SpentPoints },
) => {
  const { holds, customer, clock, log, expire, giveBack, takeOne } = book;

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
  const claims: { refund: Refund; order: SlowOrder; ruleId: string; points: number; heldBy: SlowHold[] }[] = [];
  /** A hold has ended, and so many spendable points of it are back. */
  const collect = (hold: SlowHold, pointsBack: number): void => {
    let left = pointsBack;
    for (const claim of claims.filter(({ heldBy }) => heldBy.includes(hold)).sort(oldestFirst)) {
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

  const clawEntry = (refund: Refund, order: SlowOrder, ruleId: string, due: number): void => {
    const timeMs = Date.parse(refund.occurredAt);
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
    if (points === 0) return;
    // Of one refund, whatever is held by then is held by all of them.
    for (const claim of claims) if (claim.refund === refund && claim.heldBy.length > 0) claim.heldBy = [...heldBy];
    claims.push({ refund, order, ruleId, points, heldBy });
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

  const claw = (refund: Refund, order: SlowOrder, amount: number, whole = false): void => {
    const before = order.refunded;
    order.refunded += amount;
    order.whole ||= whole;
    spentBack(order, before, whole);
    for (const entry of order.entries) {
      const share =
        order.total === 0 ? (whole ? entry.points : 0) : Math.floor(entry.points - staysOf(order, entry) + 1e-9);
      const due = Math.max(0, share - entry.due);
      entry.due += due;
      clawEntry(refund, order, entry.ruleId, due);
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

  const ofOrder = (refund: Refund, order: SlowOrder, wanted: RefundedLine[]): void => {
    const left = order.total - order.refunded;
    if (refund.scope === 'whole') {
      for (const line of order.lines) Object.assign(line, { goneQuantity: line.quantity, goneAmount: line.amount });
      claw(refund, order, left, true);
      return;
    }
    const wholeAmount = wanted.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    const money = refund.scope === 'amount' ? (refund.amountMinor ?? 0) : wholeAmount;
    if (refund.scope === 'amount' || order.lines.length === 0) claw(refund, order, Math.min(left, money));
    else for (const [, part] of linesOf([order], wanted)) claw(refund, order, part);
  };

  /** Takes what a refund lacks of the newest of these orders that fit. */
  const ofNewest = (lacking: SlowLacking, among: readonly SlowOrder[]): void => {
    const { refund, lines } = lacking;
    const newest = among
      .filter((order) => order.customerId === refund.customerId && order.timeMs <= Date.parse(refund.occurredAt))
      .filter((order) => order.refunded < order.total)
      .sort((a, b) => b.timeMs - a.timeMs);
    // All is matched before points are taken.
    const parts: [SlowOrder, number][] = refund.scope === 'amount' ? [] : linesOf(newest, lines);
    if (refund.scope === 'amount')
      for (const order of newest) {
        const part = Math.min(lacking.amount, order.total - order.refunded);
        lacking.amount -= part;
        if (part > 0) parts.push([order, part]);
      }
    if (parts.length > 0) book.settle(refund.customerId);
    for (const [order, part] of parts) claw(refund, order, part);
  };

  const allLacking: SlowLacking[] = [];
  const lacksAnything = ({ refund, lines, amount }: SlowLacking): boolean =>
    refund.scope === 'amount' ? amount > 0 : lines.some(({ quantity }) => quantity > 0);

  return {
    ...{ spentBackLate, collect },
    /** Whose refunds lack something. */
    lacking: (): Refund[] => allLacking.map(({ refund }) => refund),
    /** Orders that a customer has now and had not before: refunds that lack something have their turn, oldest first. */
    offer: (customerId: string, among: readonly SlowOrder[]): void => {
      const own = allLacking.filter(({ refund, untilMs }) => refund.customerId === customerId && clock.nowMs < untilMs);
      for (const lacking of own.sort(oldestFirst)) if (lacksAnything(lacking)) ofNewest(lacking, among);
    },
    /** Of an order that is known, or of the newest that fit. Refused (false) when the order is another customer's. */
    apply: (refund: Refund): boolean => {
      const lines = refund.lines.map((line) => ({ ...line }));
      const order = refund.orderId === null ? undefined : orders.get(refund.orderId);
      if (order && isNobody(order.customerId)) return true;
      if (refund.orderId !== null && order?.customerId !== refund.customerId) return false;
      book.settle(refund.customerId);
      if (order) ofOrder(refund, order, lines);
      else {
        const lacking = { refund, lines, amount: refund.amountMinor ?? 0, untilMs: clock.nowMs + WAITS_MS };
        ofNewest(lacking, [...orders.values()]);
        allLacking.push(lacking);
      }
      return true;
    },
  };
};
