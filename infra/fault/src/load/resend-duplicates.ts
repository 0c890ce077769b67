import type { EventBus } from '@vafa/bus';
import { type EventEnvelope, encodeEvent, event, PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import type { Random } from '../random.ts';
import type { Caller } from './ask.ts';
import { type Acknowledged, type Purchase, purchaseBody, type Refund, refundBody } from './deeds.ts';

const PURCHASES_AT_ONCE = 4;
const REFUNDS_AT_ONCE = 3;
/** Every second order is never sent again: a copy would mend the loss of the first and hide it. */
const mayBeCopied = ({ orderId }: { orderId: string }): boolean => Number(orderId.at(-1)) % 2 === 0;
/** The gateway's own name for itself: a duplicate is the same event, not a new one by another source. */
const SOURCE = '/vafa/gateway';

interface Copy {
  path: string;
  body: object;
  event: EventEnvelope;
}

const without = <Key extends string>(body: object, name: Key): never => {
  const { [name]: _left, ...rest } = body as Record<string, unknown>;
  return rest as never;
};

const copyOfPurchase = (purchase: Purchase): Copy => ({
  path: '/v1/purchases',
  body: purchaseBody(purchase),
  event: event(
    PurchaseCompleted,
    { id: `purchase:${purchase.orderId}`, source: SOURCE, time: purchase.occurredAt },
    without(purchaseBody(purchase), 'occurredAt'),
  ),
});

const copyOfRefund = (refund: Refund): Copy => ({
  path: '/v1/refunds',
  body: refundBody(refund),
  event: event(
    PurchaseRefunded,
    { id: `refund:${refund.refundId}`, source: SOURCE, time: refund.occurredAt },
    without(refundBody(refund), 'occurredAt'),
  ),
});

/** Some of what was taken already, in another order than the first time. */
const chooseCopies = (done: Acknowledged, random: Random): Copy[] => {
  const purchases = random.shuffled(done.purchases.filter(mayBeCopied)).slice(0, PURCHASES_AT_ONCE);
  const refunds = random.shuffled(done.refunds).slice(0, REFUNDS_AT_ONCE);
  return random.shuffled([...purchases.map(copyOfPurchase), ...refunds.map(copyOfRefund)]);
};

/** Sends copies as a shop does that did not hear the first answer. */
export const resendByHttp = async (done: Acknowledged, caller: Caller, random: Random): Promise<void> => {
  await Promise.all(
    chooseCopies(done, random).map(async ({ path, body }) => {
      const answer = await caller.once({ service: 'gateway', method: 'POST', path, body });
      if (answer?.status === 202) done.duplicates += 1;
    }),
  );
};

/** Puts copies straight onto the bus, as a producer does that was not told of its success. */
export const resendByBus = async (done: Acknowledged, bus: EventBus, random: Random): Promise<void> => {
  const copies = chooseCopies(done, random).map((copy) => encodeEvent(copy.event));
  await bus.publish(copies).then(
    () => {
      done.duplicates += copies.length;
    },
    // The bus is down just now: copies that nobody took were not owed to anybody.
    () => undefined,
  );
};
