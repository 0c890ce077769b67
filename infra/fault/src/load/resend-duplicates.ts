import type { EventBus } from '@vafa/bus';
import { type EventEnvelope, encodeEvent, event, PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import type { Random } from '../random.ts';
import type { Caller } from './ask.ts';
import { type Acknowledged, purchaseBody, refundBody } from './deeds.ts';

const AT_ONCE = 12;
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

const copiesOf = (done: Acknowledged): Copy[] => [
  ...done.purchases.map((purchase) => ({
    path: '/v1/purchases',
    body: purchaseBody(purchase),
    event: event(
      PurchaseCompleted,
      { id: `purchase:${purchase.orderId}`, source: SOURCE, time: purchase.occurredAt },
      without(purchaseBody(purchase), 'occurredAt'),
    ),
  })),
  ...done.refunds.map((refund) => ({
    path: '/v1/refunds',
    body: refundBody(refund),
    event: event(
      PurchaseRefunded,
      { id: `refund:${refund.refundId}`, source: SOURCE, time: refund.occurredAt },
      without(refundBody(refund), 'occurredAt'),
    ),
  })),
];

/**
 * Sends some of what was taken already once more: by HTTP, and straight onto the bus, shuffled, so that the copies stand in
 * another order than the first ones.
 */
export const resendDuplicates = async (
  done: Acknowledged,
  deps: { caller: Caller; bus: EventBus; random: Random },
): Promise<void> => {
  const { caller, bus, random } = deps;
  const chosen = random.shuffled(copiesOf(done)).slice(0, AT_ONCE);
  const half = Math.ceil(chosen.length / 2);
  const byHttp = chosen.slice(0, half).map(async ({ path, body }) => {
    const answer = await caller.once({ service: 'gateway', method: 'POST', path, body });
    if (answer?.status === 202) done.duplicates += 1;
  });
  const copies = chosen.slice(half).map((copy) => encodeEvent(copy.event));
  const byBus = bus.publish(copies).then(
    () => {
      done.duplicates += copies.length;
    },
    // The bus is down just now: copies that nobody took were not owed to anybody.
    () => undefined,
  );
  await Promise.all([...byHttp, byBus]);
};
