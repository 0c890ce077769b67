import fc from 'fast-check';
import { expect } from 'vitest';
import { createExpiry } from '../domain/expiry.ts';
import type { Refund } from '../domain/order.ts';
import { awardFor } from '../domain/programme.ts';
import type { PurchaseEvent } from '../use-cases/read-batch.ts';
import { PROGRAMME, purchase, refund } from './events.fixture.ts';
import { createSlowLedger } from './slow-ledger.fixture.ts';

/** A ledger that can be driven: the real one behind its doors, or its domain alone. */
export interface World {
  setNow(now: Temporal.Instant): Promise<void>;
  /** One batch, in order. */
  publish(events: readonly PurchaseEvent[]): Promise<void>;
  /** Returns an id, or undefined when it was refused. */
  reserve(customerId: string, points: number, ttlSeconds: number): Promise<string | undefined>;
  capture(reservationId: string, points: number): Promise<boolean>;
  release(reservationId: string): Promise<boolean>;
  adjust(customerId: string, points: number): Promise<boolean>;
  /** Points of later credits expire after so many days. */
  setExpiry(days: number | null): Promise<void>;
  sweep(): Promise<void>;
  state(customerId: string): Promise<State>;
}

export interface State {
  active: number;
  reserved: number;
  deficit: number;
  /** [kind, points, balance after], oldest first. */
  entries: [string, number, number][];
  /** [granted, left, expired, waived, absorbed], oldest first. */
  lots: number[][];
}

const customerName = fc.constantFrom('ann', 'bob');
const orderName = fc.integer({ min: 0, max: 7 }).map((n) => `o${n}`);
const refundName = fc.integer({ min: 0, max: 15 }).map((n) => `r${n}`);
const line = fc.record({
  sku: fc.constantFrom('x', 'y', '__proto__'),
  quantity: fc.integer({ min: 1, max: 4 }),
  amountMinor: fc.integer({ min: 0, max: 900 }),
});
const lines = fc.array(line, { maxLength: 3 });
/** Days before now at which it happened. */
const ageDays = fc.integer({ min: 0, max: 12 });

const purchaseOp = fc.record({
  kind: fc.constant('purchase' as const),
  customer: customerName,
  order: orderName,
  total: fc.integer({ min: 0, max: 2_000 }),
  lines,
  ageDays,
});
const refundOp = fc.record({
  kind: fc.constant('refund' as const),
  customer: customerName,
  refund: refundName,
  order: fc.option(orderName, { nil: undefined }),
  scope: fc.constantFrom('whole' as const, 'amount' as const, 'lines' as const),
  amount: fc.integer({ min: 1, max: 1_500 }),
  lines: fc.array(line, { minLength: 1, maxLength: 3 }),
  ageDays,
});

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('batch' as const),
      events: fc.array(fc.oneof({ weight: 3, arbitrary: purchaseOp }, { weight: 2, arbitrary: refundOp }), {
        minLength: 1,
        maxLength: 6,
      }),
      /** The whole batch comes twice. */
      twice: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      customer: customerName,
      /** undefined: all there are. */
      points: fc.option(fc.integer({ min: 1, max: 25 }), { nil: undefined }),
      ttlDays: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('capture' as const),
      hold: fc.nat(2),
      part: fc.integer({ min: 1, max: 30 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), hold: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('adjust' as const),
      customer: customerName,
      points: fc.integer({ min: -12, max: 12 }).filter((points) => points !== 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), days: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expiry' as const), days: fc.constantFrom(null, 3, 15) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

export const scenario = fc.record({
  policy: fc.constantFrom('allow_negative' as const, 'within_balance' as const),
  operations: fc.array(operation, { minLength: 1, maxLength: 25 }),
});
export type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

const DAY_MS = 86_400_000;

/** Two things never happen in the same millisecond, so that the order of lots needs no tie-break. */
const createTimes = (startMs: number) => {
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

const toRefund = (event: Extract<PurchaseEvent, { type: 'purchase.refunded' }>): Refund => ({
  refundId: event.data.refundId,
  customerId: event.data.customerId,
  orderId: event.data.orderId ?? null,
  scope: event.data.scope,
  currency: 'EUR',
  amountMinor: event.data.amountMinor ?? null,
  lines: (event.data.lines ?? []).map((each) => ({ ...each })),
  occurredAt: event.time,
});

/**
 * Drives a world and the slow model through the same operations and expects them to be the same after each. `prefix` keeps
 * scenarios that share a database apart.
 */
export const compare = async (world: World, { policy, operations }: Scenario, prefix: string, startMs: number) => {
  const times = createTimes(startMs);
  let expiryOf = createExpiry(PROGRAMME);
  const model = createSlowLedger({
    policy,
    pointsOf: (total) => awardFor(PROGRAMME, 'EUR', total).points,
    expiryOf: (timeMs) => expiryOf(timeMs),
  });
  const holds: { id: string; model: number }[] = [];
  const name = (id: string): string => `${prefix}${id}`;

  const toEvent = (op: Extract<Operation, { kind: 'batch' }>['events'][number]): PurchaseEvent | undefined => {
    const time = times.ago(op.ageDays);
    if (op.kind === 'purchase') return purchase(name(op.customer), name(op.order), op.total, { lines: op.lines, time });
    if (op.scope === 'whole' && !op.order) return undefined;
    return refund(name(op.customer), name(op.refund), {
      scope: op.scope,
      time,
      ...(op.order ? { orderId: name(op.order) } : {}),
      ...(op.scope === 'amount' ? { amountMinor: op.amount } : {}),
      ...(op.scope === 'lines' ? { lines: op.lines } : {}),
    });
  };
  const tell = (event: PurchaseEvent): void => {
    if (event.type === 'purchase.refunded') model.refund(toRefund(event));
    else {
      const { customerId, orderId, totalMinor, lines: own } = event.data;
      model.purchase({ customerId, orderId, timeMs: Date.parse(event.time), total: totalMinor, lines: own });
    }
  };

  const run = async (op: Operation): Promise<void> => {
    switch (op.kind) {
      case 'batch': {
        const events = op.events.flatMap((each) => toEvent(each) ?? []);
        for (const event of events) tell(event);
        await world.publish(op.twice ? [...events, ...events] : events);
        return;
      }
      case 'reserve': {
        const points = op.points ?? (model.active(name(op.customer)) || 1);
        const held = model.reserve(name(op.customer), points, op.ttlDays * DAY_MS);
        const id = await world.reserve(name(op.customer), points, op.ttlDays * 86_400);
        expect(id !== undefined).toBe(held !== undefined);
        if (id !== undefined && held !== undefined) holds.push({ id, model: held });
        return;
      }
      case 'capture': {
        const hold = holds.at(-1 - op.hold);
        if (!hold) return;
        const points = Math.min(op.part, model.heldPoints(hold.model) || 1);
        expect(await world.capture(hold.id, points)).toBe(model.capture(hold.model, points));
        return;
      }
      case 'release': {
        const hold = holds.at(-1 - op.hold);
        if (hold) expect(await world.release(hold.id)).toBe(model.release(hold.model));
        return;
      }
      case 'adjust':
        expect(await world.adjust(name(op.customer), op.points)).toBe(
          model.adjust(name(op.customer), 'adjust', op.points),
        );
        return;
      case 'advance':
        times.advance(op.days);
        return;
      case 'expiry':
        expiryOf = createExpiry({ ...PROGRAMME, expiresAfterDays: op.days });
        return world.setExpiry(op.days);
      case 'sweep':
        model.sweep();
        return world.sweep();
    }
  };

  await world.setExpiry(null);
  for (const op of operations) {
    times.tick();
    model.setNow(times.now());
    await world.setNow(Temporal.Instant.fromEpochMilliseconds(times.now()));
    await run(op);
    for (const customer of ['ann', 'bob'].map(name)) {
      const own = model.customers.get(customer);
      const lots = [...(own?.lots ?? [])].sort((a, b) => a.bornMs - b.bornMs);
      expect(await world.state(customer)).toEqual({
        active: model.active(customer),
        reserved: model.reserved(customer),
        deficit: own?.deficit ?? 0,
        entries: (own?.entries ?? []).map(({ kind, points, after }) => [kind, points, after]),
        lots: lots.map(({ granted, left, expired, waived, absorbed }) => [granted, left, expired, waived, absorbed]),
      });
    }
  }
  for (const order of model.orders.values()) expect(order.taken).toBeLessThanOrEqual(order.earned);
};
