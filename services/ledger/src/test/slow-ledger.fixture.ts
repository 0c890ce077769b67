import type { Refund, RefundedLine } from '../domain/order.ts';
import type { ReturnPolicy } from '../domain/programme.ts';

/**
 * The ledger as one would explain it to somebody: one event at a time, everything in plain arrays, nothing clever. What the
 * real one must agree with to the point.
 */
export interface SlowLot {
  /** The order, or the correction, that brought it. */
  origin: string;
  granted: number;
  left: number;
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
  taken: number;
}

interface SlowHold {
  customerId: string;
  points: number;
  from: { lot: SlowLot; points: number }[];
  expiresAtMs: number;
  open: boolean;
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
}

const spendingOrder = (a: SlowLot, b: SlowLot): number =>
  (a.expiresAtMs ?? Infinity) === (b.expiresAtMs ?? Infinity)
    ? a.bornMs - b.bornMs
    : (a.expiresAtMs ?? Infinity) - (b.expiresAtMs ?? Infinity);

export const createSlowLedger = (rules: {
  policy: ReturnPolicy;
  pointsOf: (total: number) => number;
  expiryOf: (timeMs: number) => number | null;
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
    id: string,
    kind: string,
    origin: string,
    points: number,
    bornMs: number,
    expiresAtMs: number | null,
  ): void => {
    const own = customer(id);
    const absorbed = Math.min(points, own.deficit);
    own.deficit -= absorbed;
    own.lots.push({
      origin,
      granted: points,
      left: points - absorbed,
      expired: 0,
      waived: 0,
      absorbed,
      bornMs,
      expiresAtMs,
    });
    log(id, kind, points);
  };
  const takeOne = (id: string, lots: readonly SlowLot[]): SlowLot | undefined =>
    lots.find(({ left }) => left > 0) ?? [...customer(id).lots].sort(spendingOrder).find(({ left }) => left > 0);

  const claw = (order: SlowOrder, amount: number): number => {
    const keepsBefore = order.total === 0 ? 0 : Math.floor((order.earned * order.refunded) / order.total);
    order.refunded += amount;
    const due = (order.total === 0 ? 0 : Math.floor((order.earned * order.refunded) / order.total)) - keepsBefore;
    const own = customer(order.customerId);
    const lot = own.lots.find(({ origin }) => origin === order.orderId);
    let taken = 0;
    for (let point = 0; point < due; point++) {
      if (lot && lot.expired > lot.waived) {
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
    const wanted = refund.lines.map((line) => ({ ...line }));
    const wholeAmount = wanted.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    if (refund.orderId !== null) {
      const order = orders.get(refund.orderId);
      if (!order || order.customerId !== refund.customerId) return;
      const left = order.total - order.refunded;
      if (refund.scope === 'whole') {
        for (const line of order.lines) Object.assign(line, { goneQuantity: line.quantity, goneAmount: line.amount });
        claw(order, left);
      } else if (refund.scope === 'amount') claw(order, Math.min(left, refund.amountMinor ?? 0));
      else if (order.lines.length === 0) claw(order, Math.min(left, wholeAmount));
      else claw(order, linesOf(order, wanted) ?? 0);
      return;
    }
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
    for (const [order, part] of parts) claw(order, part);
  };

  const sweep = (): void => {
    for (const hold of holds) if (hold.open && hold.expiresAtMs <= nowMs) giveBack(hold, hold.points, true);
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

  return {
    customers,
    orders,
    active,
    reserved,
    waiting: () => waiting.length,
    setNow: (ms: number): void => {
      nowMs = ms;
    },
    sweep,
    purchase: ({ customerId, orderId, timeMs, total, lines }: SlowPurchase): void => {
      if (orders.has(orderId)) return;
      const earned = rules.pointsOf(total);
      const bySku: SlowOrder['lines'] = [];
      for (const { sku, quantity, amountMinor } of lines) {
        const line = bySku.find((each) => each.sku === sku);
        if (line) {
          line.quantity += quantity;
          line.amount += amountMinor;
        } else bySku.push({ sku, quantity, amount: amountMinor, goneQuantity: 0, goneAmount: 0 });
      }
      orders.set(orderId, { orderId, customerId, timeMs, total, lines: bySku, refunded: 0, earned, taken: 0 });
      if (earned > 0) give(customerId, 'earn', orderId, earned, timeMs, rules.expiryOf(timeMs));
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
        give(customerId, 'adjust', origin, points, nowMs, rules.expiryOf(nowMs));
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
    reserve: (customerId: string, points: number, ttlMs: number): number | undefined => {
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
      return holds.push({ customerId, points, from: parts, expiresAtMs: nowMs + ttlMs, open: true }) - 1;
    },
    capture: (hold: number, points: number): boolean => {
      const found = holds[hold];
      if (!found?.open || found.expiresAtMs <= nowMs || points > found.points) return false;
      if (points < found.points) giveBack(found, found.points - points, false);
      found.open = false;
      log(found.customerId, 'redeem', -points);
      return true;
    },
    release: (hold: number): boolean => {
      const found = holds[hold];
      if (!found?.open || found.expiresAtMs <= nowMs) return false;
      giveBack(found, found.points, true);
      return true;
    },
    heldPoints: (hold: number): number => holds[hold]?.points ?? 0,
  };
};
