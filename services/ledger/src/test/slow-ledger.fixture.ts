import { entryId } from '../domain/entry-id.ts';
import type { Refund, RefundedLine } from '../domain/order.ts';
import type { ReturnPolicy, SpentPoints } from '../domain/programme.ts';
import type { OrderFacts } from '../domain/rules/facts.ts';

/**
 * The ledger as one would explain it to somebody: one event at a time, everything in plain arrays, nothing clever. What the
 * real one must agree with to the point.
 */
export interface SlowLot {
  /** The order and rule, or the correction, that brought it. */
  origin: string;
  /** Of lots that came at the same moment with the same expiry, that with the smaller id is spent first. */
  id: string;
  granted: number;
  left: number;
  /** Not spendable before `readyMs`. */
  pending: number;
  readyMs: number | null;
  expired: number;
  waived: number;
  absorbed: number;
  bornMs: number;
  expiresAtMs: number | null;
}

interface SlowOrder {
  orderId: string;
  customerId: string;
  timeMs: number;
  total: number;
  lines: { sku: string; quantity: number; amount: number; goneQuantity: number; goneAmount: number }[];
  refunded: number;
  earned: number;
  /** By rule: what it earned, and what of that refunds were to take back so far. */
  entries: { ruleId: string; points: number; due: number }[];
  taken: number;
}

interface SlowHold {
  customerId: string;
  points: number;
  from: { lot: SlowLot; points: number }[];
  expiresAtMs: number;
  open: boolean;
  /** What it pays for. */
  orderId: string | null;
  /** Spent; `points` is what of it was not given back since. */
  captured: number;
  capturedMs: number;
}

export interface SlowCustomer {
  lots: SlowLot[];
  deficit: number;
  entries: { kind: string; points: number; after: number }[];
}

export interface SlowPurchase {
  customerId: string;
  orderId: string;
  timeMs: number;
  total: number;
  lines: RefundedLine[];
  /** What rules may ask. */
  order: OrderFacts;
}

const spendingOrder = (a: SlowLot, b: SlowLot): number =>
  (a.expiresAtMs ?? Infinity) === (b.expiresAtMs ?? Infinity)
    ? a.bornMs - b.bornMs || (a.id < b.id ? -1 : 1)
    : (a.expiresAtMs ?? Infinity) - (b.expiresAtMs ?? Infinity);

export const createSlowLedger = (rules: {
  policy: ReturnPolicy;
  spentPoints: SpentPoints;
  /** By rule, in order. */
  earningsOf: (purchase: SlowPurchase) => { ruleId: string; points: number }[];
  expiryOf: (timeMs: number) => number | null;
  /** When points that purchases bring become spendable. */
  readyOf: (timeMs: number) => number;
}) => {
  const customers = new Map<string, SlowCustomer>();
  const orders = new Map<string, SlowOrder>();
  const seenRefunds = new Set<string>();
  const waiting: Refund[] = [];
  const holds: SlowHold[] = [];
  let nowMs = 0;

  const customer = (id: string): SlowCustomer => {
    const found = customers.get(id) ?? { lots: [], deficit: 0, entries: [] };
    customers.set(id, found);
    return found;
  };
  const active = (id: string): number => customer(id).lots.reduce((sum, { left }) => sum + left, 0);
  const reserved = (id: string): number =>
    holds.filter((hold) => hold.open && hold.customerId === id).reduce((sum, { points }) => sum + points, 0);
  const log = (id: string, kind: string, points: number): void => {
    const after = active(id) + reserved(id) - customer(id).deficit;
    customer(id).entries.push({ kind, points, after });
  };

  const give = (
    customerId: string,
    kind: string,
    origin: string,
    points: number,
    bornMs: number,
    readyMs: number,
    expiresAtMs = rules.expiryOf(readyMs),
    id = '',
  ): void => {
    const own = customer(customerId);
    const pending = readyMs > nowMs ? points : 0;
    const absorbed = Math.min(points - pending, own.deficit);
    own.deficit -= absorbed;
    own.lots.push({
      origin,
      id,
      granted: points,
      left: points - pending - absorbed,
      pending,
      readyMs: pending > 0 ? readyMs : null,
      expired: 0,
      waived: 0,
      absorbed,
      bornMs,
      expiresAtMs,
    });
    log(customerId, kind, pending > 0 ? 0 : points);
  };
  const ripen = (id: string): void => {
    const own = customer(id);
    const ripe = own.lots.filter(({ pending, readyMs }) => pending > 0 && (readyMs ?? 0) <= nowMs);
    for (const lot of ripe.sort((a, b) => (a.readyMs ?? 0) - (b.readyMs ?? 0) || (a.id < b.id ? -1 : 1))) {
      const points = lot.pending;
      lot.pending = 0;
      for (let point = 0; point < points; point++) {
        if (own.deficit > 0) {
          own.deficit -= 1;
          lot.absorbed += 1;
        } else lot.left += 1;
      }
      log(id, 'activate', points);
    }
  };
  const takeOne = (id: string, lots: readonly SlowLot[]): SlowLot | undefined =>
    lots.find(({ left }) => left > 0) ?? [...customer(id).lots].sort(spendingOrder).find(({ left }) => left > 0);

  /** What had paid for the order comes back, as far as the policy says. */
  const spentBack = (order: SlowOrder, before: number, whole: boolean): void => {
    const paying = holds
      .filter((hold) => hold.captured > 0 && hold.orderId === order.orderId && hold.customerId === order.customerId)
      .sort((a, b) => a.capturedMs - b.capturedMs);
    const paid = paying.reduce((sum, { captured }) => sum + captured, 0);
    const left = paying.reduce((sum, { points }) => sum + points, 0);
    const share = (money: number): number => Math.floor((paid * money) / order.total);
    const toTheLast = order.total === 0 ? whole : order.refunded === order.total;
    let back = 0;
    if (rules.spentPoints === 'all' || (rules.spentPoints === 'proportional' && order.total === 0))
      back = toTheLast ? left : 0;
    else if (rules.spentPoints === 'proportional') back = Math.min(left, share(order.refunded) - share(before));
    for (const hold of paying) {
      const part = Math.min(back, hold.points);
      if (part === 0) continue;
      giveBack(hold, part, false);
      back -= part;
      log(order.customerId, 'redeem_reversal', part);
    }
    expire(order.customerId);
  };

  const claw = (order: SlowOrder, amount: number, timeMs: number, whole = false): number => {
    const before = order.refunded;
    order.refunded += amount;
    spentBack(order, before, whole);
    let sum = 0;
    for (const entry of order.entries) {
      const share =
        order.total === 0 ? (whole ? entry.points : 0) : Math.floor((entry.points * order.refunded) / order.total);
      const due = Math.max(0, share - entry.due);
      entry.due += due;
      sum += clawEntry(order, entry.ruleId, due, timeMs);
    }
    return sum;
  };

  const clawEntry = (order: SlowOrder, ruleId: string, due: number, timeMs: number): number => {
    const own = customer(order.customerId);
    const lot = own.lots.find(({ origin }) => origin === `${order.orderId} ${ruleId}`);
    const fromPending = Math.min(due, lot?.pending ?? 0);
    if (lot && fromPending > 0) {
      lot.pending -= fromPending;
      order.taken += fromPending;
      log(order.customerId, 'clawback', 0);
    }
    if (rules.policy === 'only_pending') return due;
    let taken = 0;
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
      const from = takeOne(order.customerId, lot ? [lot] : []);
      if (from) from.left -= 1;
      else if (rules.policy === 'allow_negative') own.deficit += 1;
      else continue;
      taken += 1;
    }
    order.taken += taken;
    if (taken > 0) log(order.customerId, 'clawback', -taken);
    return due;
  };

  const linesOf = (order: SlowOrder, wanted: RefundedLine[]): number | undefined => {
    let amount = 0;
    let found = false;
    for (const want of wanted) {
      const line = order.lines.find(({ sku }) => sku === want.sku);
      if (!line || want.quantity === 0) continue;
      const quantity = Math.min(want.quantity, line.quantity - line.goneQuantity);
      if (quantity === 0) continue;
      found = true;
      const share = Math.floor((want.amountMinor * quantity) / want.quantity);
      const counted = Math.min(share, line.amount - line.goneAmount, order.total - order.refunded - amount);
      line.goneQuantity += quantity;
      line.goneAmount += counted;
      want.quantity -= quantity;
      want.amountMinor -= share;
      amount += counted;
    }
    return found ? amount : undefined;
  };

  const applyRefund = (refund: Refund): void => {
    const timeMs = Date.parse(refund.occurredAt);
    const wanted = refund.lines.map((line) => ({ ...line }));
    const wholeAmount = wanted.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    if (refund.orderId !== null) {
      const order = orders.get(refund.orderId);
      if (!order || order.customerId !== refund.customerId) return;
      settle(refund.customerId);
      const left = order.total - order.refunded;
      if (refund.scope === 'whole') {
        for (const line of order.lines) Object.assign(line, { goneQuantity: line.quantity, goneAmount: line.amount });
        claw(order, left, timeMs, true);
        return;
      }
      const part =
        refund.scope === 'amount'
          ? Math.min(left, refund.amountMinor ?? 0)
          : order.lines.length === 0
            ? Math.min(left, wholeAmount)
            : linesOf(order, wanted);
      if (part !== undefined) claw(order, part, timeMs);
      return;
    }
    settle(refund.customerId);
    let amountLeft = refund.amountMinor ?? 0;
    const newest = [...orders.values()]
      .filter((order) => order.customerId === refund.customerId && order.timeMs <= Date.parse(refund.occurredAt))
      .filter((order) => order.refunded < order.total)
      .sort((a, b) => b.timeMs - a.timeMs);
    // All is matched before points are taken.
    const parts: [SlowOrder, number][] = [];
    for (const order of newest) {
      const part =
        refund.scope === 'amount' ? Math.min(amountLeft, order.total - order.refunded) : linesOf(order, wanted);
      if (part === undefined) continue;
      amountLeft -= part;
      parts.push([order, part]);
    }
    for (const [order, part] of parts) claw(order, part, timeMs);
  };

  /** A refund finds what time has done already, swept or not. */
  const settle = (id: string): void => {
    ripen(id);
    expire(id);
  };

  const sweep = (): void => {
    for (const hold of holds) if (hold.open && hold.expiresAtMs <= nowMs) giveBack(hold, hold.points, true);
    for (const id of customers.keys()) ripen(id);
    for (const id of customers.keys()) expire(id);
  };
  const expire = (id: string): void => {
    for (const lot of [...customer(id).lots].sort(spendingOrder)) {
      if (lot.left === 0 || lot.expiresAtMs === null || lot.expiresAtMs > nowMs) continue;
      const points = lot.left;
      lot.left = 0;
      lot.expired += points;
      log(id, 'expire', -points);
    }
  };
  const giveBack = (hold: SlowHold, points: number, closes: boolean): void => {
    let left = points;
    for (const part of [...hold.from].sort((a, b) => spendingOrder(b.lot, a.lot))) {
      const back = Math.min(left, part.points);
      const absorbed = Math.min(back, customer(hold.customerId).deficit);
      customer(hold.customerId).deficit -= absorbed;
      part.lot.absorbed += absorbed;
      part.lot.left += back - absorbed;
      part.points -= back;
      left -= back;
    }
    hold.points -= points;
    if (closes) hold.open = false;
  };

  const pending = (id: string): number => customer(id).lots.reduce((sum, lot) => sum + lot.pending, 0);

  return {
    customers,
    pending,
    orders,
    active,
    reserved,
    waiting: () => waiting.length,
    setNow: (ms: number): void => {
      nowMs = ms;
    },
    sweep,
    purchase: (purchase: SlowPurchase): void => {
      const { customerId, orderId, timeMs, total, lines } = purchase;
      if (orders.has(orderId)) return;
      const entries = rules.earningsOf(purchase).map((each) => ({ ...each, due: 0 }));
      const earned = entries.reduce((sum, { points }) => sum + points, 0);
      const bySku: SlowOrder['lines'] = [];
      for (const { sku, quantity, amountMinor } of lines) {
        const line = bySku.find((each) => each.sku === sku);
        if (line) {
          line.quantity += quantity;
          line.amount += amountMinor;
        } else bySku.push({ sku, quantity, amount: amountMinor, goneQuantity: 0, goneAmount: 0 });
      }
      orders.set(orderId, { orderId, customerId, timeMs, total, lines: bySku, refunded: 0, earned, entries, taken: 0 });
      for (const { ruleId, points } of entries) {
        const readyMs = rules.readyOf(timeMs);
        const id = entryId(timeMs, 'earn', orderId, ruleId);
        give(customerId, 'earn', `${orderId} ${ruleId}`, points, timeMs, readyMs, rules.expiryOf(readyMs), id);
      }
      const awaited = waiting.filter((each) => each.orderId === orderId);
      for (const refund of awaited.sort((a, b) => Date.parse(a.occurredAt) - Date.parse(b.occurredAt))) {
        waiting.splice(waiting.indexOf(refund), 1);
        applyRefund(refund);
      }
    },
    refund: (refund: Refund): void => {
      if (seenRefunds.has(refund.refundId)) return;
      seenRefunds.add(refund.refundId);
      if (refund.orderId !== null && !orders.has(refund.orderId)) waiting.push(refund);
      else applyRefund(refund);
    },
    adjust: (customerId: string, origin: string, points: number): boolean => {
      const due = customer(customerId).lots.filter((lot) => lot.expiresAtMs !== null && lot.expiresAtMs <= nowMs);
      if (points < 0 && active(customerId) - due.reduce((sum, { left }) => sum + left, 0) < -points) return false;
      expire(customerId);
      if (points > 0) {
        give(customerId, 'adjust', origin, points, nowMs, nowMs);
        return true;
      }
      for (let point = 0; point < -points; point++) {
        const lot = takeOne(customerId, []);
        if (lot) lot.left -= 1;
      }
      log(customerId, 'adjust', points);
      return true;
    },
    /** Returns the number of the hold, or undefined when there are not enough points. */
    reserve: (customerId: string, points: number, ttlMs: number, orderId: string | null): number | undefined => {
      const due = customer(customerId).lots.filter((lot) => lot.expiresAtMs !== null && lot.expiresAtMs <= nowMs);
      if (active(customerId) - due.reduce((sum, { left }) => sum + left, 0) < points) return undefined;
      expire(customerId);
      const from = new Map<SlowLot, number>();
      for (let point = 0; point < points; point++) {
        const lot = takeOne(customerId, []) as SlowLot;
        lot.left -= 1;
        from.set(lot, (from.get(lot) ?? 0) + 1);
      }
      const parts = [...from].map(([lot, taken]) => ({ lot, points: taken }));
      const hold = { customerId, points, from: parts, expiresAtMs: nowMs + ttlMs, open: true, orderId };
      return holds.push({ ...hold, captured: 0, capturedMs: 0 }) - 1;
    },
    capture: (hold: number, points: number): boolean => {
      const found = holds[hold];
      if (!found?.open || found.expiresAtMs <= nowMs || points > found.points) return false;
      if (points < found.points) giveBack(found, found.points - points, false);
      Object.assign(found, { open: false, captured: points, capturedMs: nowMs });
      log(found.customerId, 'redeem', -points);
      return true;
    },
    release: (hold: number): boolean => {
      const found = holds[hold];
      if (!found?.open || found.expiresAtMs <= nowMs) return false;
      giveBack(found, found.points, true);
      return true;
    },
    /** Gives point by point, those that expire first; they keep their expiry. */
    gift: (from: string, to: string, points: number): boolean => {
      const due = customer(from).lots.filter((lot) => lot.expiresAtMs !== null && lot.expiresAtMs <= nowMs);
      if (active(from) - due.reduce((sum, { left }) => sum + left, 0) < points) return false;
      expire(from);
      for (let left = points; left > 0; ) {
        const expiresAtMs = takeOne(from, [])?.expiresAtMs ?? null;
        let together = 0;
        for (; together < left; together++) {
          const lot = takeOne(from, []);
          if (!lot || lot.expiresAtMs !== expiresAtMs) break;
          lot.left -= 1;
        }
        log(from, 'transfer_out', -together);
        give(to, 'transfer_in', 'gift', together, nowMs, nowMs, expiresAtMs);
        left -= together;
      }
      return true;
    },
    heldPoints: (hold: number): number => holds[hold]?.points ?? 0,
  };
};
