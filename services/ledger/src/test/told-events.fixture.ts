import {
  type EventOf,
  event,
  InteractionRecorded,
  LifecycleChanged,
  SegmentEntered,
  SegmentLeft,
} from '@vafa/contracts';
import { newId } from '@vafa/kernel';
import type { Refund } from '../domain/order.ts';
import type { EventFacts } from '../domain/rules/facts.ts';
import type { PurchaseEvent } from '../use-cases/read-batch.ts';
import { purchase, refund } from './events.fixture.ts';
import type { Change, Operation } from './operations.fixture.ts';
import type { SlowPurchase } from './slow-asks.fixture.ts';

const DAY_MS = 86_400_000;

/** Two things never happen in the same millisecond, so that the order of lots needs no tie-break. */
export const createTimes = (startMs: number) => {
  let nowMs = startMs;
  let count = 0;
  return {
    now: () => nowMs,
    advance: (days: number) => {
      nowMs += days * DAY_MS;
    },
    tick: () => {
      nowMs += 1;
    },
    ago: (days: number) =>
      Temporal.Instant.fromEpochMilliseconds(nowMs - days * DAY_MS - 3_600_000 + count++).toString(),
  };
};

/** An event of a batch, as a shop tells it; undefined when it makes no sense. */
export const toEvent = (
  op: Extract<Operation, { kind: 'batch' }>['events'][number],
  name: (id: string) => string,
  time: string,
): PurchaseEvent | undefined => {
  if (op.kind === 'purchase') return purchase(name(op.customer), name(op.order), op.total, { ...op.more, time });
  if (op.scope === 'whole' && !op.order) return undefined;
  return refund(name(op.customer), name(op.refund), {
    scope: op.scope,
    time,
    ...(op.order ? { orderId: name(op.order) } : {}),
    ...(op.scope === 'amount' ? { amountMinor: op.amount } : {}),
    ...(op.scope === 'lines' ? { lines: op.lines } : {}),
  });
};

export type Interaction = EventOf<typeof InteractionRecorded>;
export type Membership =
  | EventOf<typeof SegmentEntered>
  | EventOf<typeof SegmentLeft>
  | EventOf<typeof LifecycleChanged>;

const envelope = (time: string) => ({ id: newId(), source: '/test', time });

export const toInteraction = (
  { type: interactionType, attributes }: { type: string; attributes: NonNullable<EventFacts['attributes']> },
  customerId: string,
  time: string,
): Interaction => event(InteractionRecorded, envelope(time), { customerId, interactionType, attributes });

export const toMembership = (change: Change, customerId: string, time: string): Membership => {
  const said = { customerId, reason: 'test' };
  if ('lifecycle' in change)
    return event(LifecycleChanged, envelope(time), { ...said, from: 'prospect', to: change.lifecycle, orders: 0 });
  const { segment: segmentId, enters } = change;
  return event(enters ? SegmentEntered : SegmentLeft, envelope(time), { ...said, segmentId });
};

/** The same as the slow ledger hears it. */
export const told = (event: PurchaseEvent): { purchase: SlowPurchase } | { refund: Refund } => {
  const { data, time } = event;
  if (event.type === 'purchase.completed') {
    const { customerId, orderId, totalMinor, lines } = event.data;
    return { purchase: { customerId, orderId, timeMs: Date.parse(time), total: totalMinor, lines, order: event.data } };
  }
  const { refundId, scope, orderId, amountMinor, lines } = event.data;
  return {
    refund: {
      ...{ refundId, customerId: data.customerId, orderId: orderId ?? null, scope, currency: 'EUR' },
      amountMinor: amountMinor ?? null,
      lines: (lines ?? []).map((each) => ({ ...each })),
      occurredAt: time,
    },
  };
};
