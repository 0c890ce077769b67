import type { Random } from '../random.ts';
import type { Answer, Caller } from './ask.ts';
import { type Acknowledged, MINOR_PER_POINT, type Purchase, purchaseBody, type Refund, refundBody } from './deeds.ts';

/** One customer's deeds, one after the other: the next begins when the last was answered, so their order is known. */
export interface CustomerLine {
  customerId: string;
  /** Does the next deed, chosen by chance, once those before it are done. */
  turn(): void;
  /** Deeds that wait or are under way. */
  waiting(): number;
  idle(): Promise<void>;
}

const MAX_POINTS = 60;
/** A little of what is held is spent in part, a little given back. */
const SHARES = { refund: 0.12, refundFirst: 0.02, reservation: 0.05, interaction: 0.06 };

interface OpenOrder {
  purchase: Purchase;
  leftMinor: number;
}

export const createCustomerLine = (
  customerId: string,
  deps: { caller: Caller; random: Random; done: Acknowledged },
): CustomerLine => {
  const { caller, random, done } = deps;
  const orders: OpenOrder[] = [];
  let sequence = 0;
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;

  const isTaken = (answer: Answer | undefined, what: string): answer is Answer => {
    if (!answer) {
      done.unanswered.push(customerId);
      return false;
    }
    if (answer.status < 300) return true;
    done.surprises.push(`${what} was answered ${answer.status} ${String(answer.body.code)}`);
    return false;
  };

  const newPurchase = (): Purchase => {
    sequence += 1;
    return {
      customerId,
      orderId: `${customerId}-order-${String(sequence).padStart(5, '0')}`,
      totalMinor: MINOR_PER_POINT * random.between(2, MAX_POINTS),
      occurredAt: Temporal.Now.instant().toString(),
    };
  };

  const buy = async (purchase: Purchase): Promise<void> => {
    // With a key the gateway keeps the answer, without one the order's own id tells a repetition: both ways are used.
    const key = random.chance(0.5) ? { idempotencyKey: purchase.orderId } : {};
    const ask = { service: 'gateway', method: 'POST', path: '/v1/purchases', body: purchaseBody(purchase), ...key };
    if (isTaken(await caller.untilAnswered(ask), 'a purchase')) done.purchases.push(purchase);
  };

  const giveBack = async (refund: Refund): Promise<void> => {
    const ask = { service: 'gateway', method: 'POST', path: '/v1/refunds', body: refundBody(refund) };
    if (isTaken(await caller.untilAnswered(ask), 'a refund')) done.refunds.push(refund);
  };

  const refundOf = (order: OpenOrder, amountMinor: number | undefined): Refund => {
    sequence += 1;
    order.leftMinor -= amountMinor ?? order.leftMinor;
    const { orderId } = order.purchase;
    const occurredAt = Temporal.Now.instant().toString();
    return { customerId, refundId: `${customerId}-refund-${sequence}`, orderId, amountMinor, occurredAt };
  };

  const purchaseDeed = async (): Promise<void> => {
    const purchase = newPurchase();
    orders.push({ purchase, leftMinor: purchase.totalMinor });
    await buy(purchase);
  };

  const refundDeed = async (): Promise<void> => {
    const open = orders.filter(({ leftMinor }) => leftMinor > 0);
    if (open.length === 0) return purchaseDeed();
    const order = random.pick(open);
    const part = MINOR_PER_POINT * random.between(1, order.leftMinor / MINOR_PER_POINT);
    await giveBack(refundOf(order, random.chance(0.5) ? undefined : part));
  };

  /** The refund arrives before its purchase. */
  const refundFirstDeed = async (): Promise<void> => {
    const purchase = newPurchase();
    const order = { purchase, leftMinor: purchase.totalMinor };
    await giveBack(refundOf(order, undefined));
    orders.push(order);
    await buy(purchase);
  };

  const interactionDeed = async (): Promise<void> => {
    sequence += 1;
    const eventId = `${customerId}-seen-${sequence}`;
    const interaction = { customerId, eventId, occurredAt: Temporal.Now.instant().toString() };
    const body = { ...interaction, interactionType: 'product.viewed' };
    const ask = { service: 'gateway', method: 'POST', path: '/v1/interactions', body };
    if (isTaken(await caller.untilAnswered(ask), 'an interaction')) done.interactions.push(interaction);
  };

  const reservationDeed = async (): Promise<void> => {
    sequence += 1;
    const points = random.between(1, 20);
    const post = (path: string, body: object, idempotencyKey: string): Promise<Answer | undefined> =>
      caller.untilAnswered({ service: 'ledger', method: 'POST', path, body, idempotencyKey });
    const name = `${customerId}-hold-${sequence}`;
    const held = await post(`/v1/customers/${customerId}/reservations`, { points }, name);
    // A new customer has nothing to spend: that is an answer too.
    if (held?.status === 422 && held.body.code === 'ledger.insufficient_points') return;
    if (!isTaken(held, 'a reservation')) return;
    const path = `/v1/reservations/${String(held.body.reservationId)}`;
    if (random.chance(0.3)) {
      isTaken(await post(`${path}/release`, {}, `${name}-release`), 'a release');
      return;
    }
    const captured = random.chance(0.3) ? random.between(1, points) : points;
    if (isTaken(await post(`${path}/capture`, { points: captured }, `${name}-capture`), 'a capture'))
      done.captures.push({ customerId, points: captured });
  };

  const choose = (): (() => Promise<void>) => {
    const drawn = random.next();
    const { refund, refundFirst, reservation, interaction } = SHARES;
    if (drawn < refund) return refundDeed;
    if (drawn < refund + refundFirst) return refundFirstDeed;
    if (drawn < refund + refundFirst + reservation) return reservationDeed;
    return drawn < refund + refundFirst + reservation + interaction ? interactionDeed : purchaseDeed;
  };

  return {
    customerId,
    turn: () => {
      waiting += 1;
      last = last.then(choose()).finally(() => {
        waiting -= 1;
      });
    },
    waiting: () => waiting,
    idle: () => last,
  };
};
