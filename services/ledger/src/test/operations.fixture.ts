import fc from 'fast-check';
import { expect } from 'vitest';
import type { Activation } from '../domain/activation.ts';
import { createExpiry } from '../domain/expiry.ts';
import type { Refund } from '../domain/order.ts';
import { SPENT_POINTS } from '../domain/programme.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import type { EarningRule } from '../domain/rules/rule.ts';
import type { PurchaseEvent } from '../use-cases/read-batch.ts';
import { PROGRAMME, purchase, refund } from './events.fixture.ts';
import { customerFacts, matchings, ruleLists } from './rules.fixture.ts';
import { createSlowLedger, type SlowPurchase } from './slow-ledger.fixture.ts';
import { type SlowAward, slowCap, slowEarn } from './slow-rules.fixture.ts';

/** A ledger that can be driven: the real one behind its doors, or its domain alone. */
export interface World {
  setNow(now: Temporal.Instant): Promise<void>;
  /** One batch, in order. */
  publish(events: readonly PurchaseEvent[]): Promise<void>;
  /** Returns an id, or undefined when it was refused. */
  /** `orderId`: what it pays for. */
  reserve(customerId: string, points: number, ttlSeconds: number, orderId?: string): Promise<string | undefined>;
  capture(reservationId: string, points: number): Promise<boolean>;
  release(reservationId: string): Promise<boolean>;
  adjust(customerId: string, points: number): Promise<boolean>;
  give(from: string, to: string, points: number): Promise<boolean>;
  /** What rules may ask of a customer. */
  know(customerId: string, facts: CustomerFacts): Promise<void>;
  /** Points of later credits expire after so many days. */
  setExpiry(days: number | null): Promise<void>;
  sweep(): Promise<void>;
  state(customerId: string): Promise<State>;
}

export interface State {
  active: number;
  pending: number;
  reserved: number;
  deficit: number;
  /** [kind, points, balance after], oldest first. */
  entries: [string, number, number][];
  /** [granted, left, pending, expired, waived, absorbed], oldest first. */
  lots: number[][];
}

const CUSTOMERS = ['ann', 'bob'] as const;
const customerName = fc.constantFrom(...CUSTOMERS);
const orderName = fc.integer({ min: 0, max: 7 }).map((n) => `o${n}`);
const refundName = fc.integer({ min: 0, max: 15 }).map((n) => `r${n}`);
const line = fc.record({
  sku: fc.constantFrom('x', 'y', '__proto__'),
  quantity: fc.integer({ min: 1, max: 4 }),
  amountMinor: fc.integer({ min: 0, max: 900 }),
});
const boughtLine = fc.record(
  {
    sku: fc.constantFrom('x', 'y', '__proto__'),
    quantity: fc.integer({ min: 1, max: 4 }),
    amountMinor: fc.integer({ min: 0, max: 900 }),
    category: fc.constantFrom('shoes', 'gift card'),
    brand: fc.constantFrom('acme', 'zeta'),
    labels: fc.subarray(['new', 'sale']),
  },
  { requiredKeys: ['sku', 'quantity', 'amountMinor'] },
);
/** Days before now at which it happened. */
const ageDays = fc.integer({ min: 0, max: 12 });

const purchaseOp = fc.record({
  kind: fc.constant('purchase' as const),
  customer: customerName,
  order: orderName,
  total: fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 7, arbitrary: fc.integer({ min: 0, max: 2_000 }) },
  ),
  more: fc.record(
    {
      lines: fc.array(boughtLine, { maxLength: 3 }),
      store: fc.constantFrom('north', 'south'),
      channel: fc.constantFrom('web', 'shop'),
    },
    { requiredKeys: ['lines'] },
  ),
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
      /** Pays for this order. */
      order: fc.option(orderName, { nil: undefined }),
    }),
  },
  {
    weight: 3,
    /** Points pay for an order, which may come before, after or never. */
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      customer: customerName,
      order: orderName,
      points: fc.integer({ min: 1, max: 12 }),
      part: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('gift' as const),
      from: customerName,
      points: fc.integer({ min: 1, max: 20 }),
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
  policy: fc.constantFrom('allow_negative' as const, 'within_balance' as const, 'only_pending' as const),
  spentPoints: fc.constantFrom(...SPENT_POINTS),
  /** Hours after a purchase at which its points become spendable; 0 = at once. */
  waitHours: fc.constantFrom(0, 0, 30, 200),
  /** Days after which points expire at first. */
  expiryDays: fc.constantFrom(null, 3, 6),
  rules: fc.oneof(fc.constant<EarningRule[]>([]), ruleLists({ calendar: 'gregorian', timeZone: PROGRAMME.timeZone })),
  matching: matchings,
  facts: fc.record({ ann: fc.option(customerFacts), bob: fc.option(customerFacts) }),
  operations: fc.array(operation, { minLength: 1, maxLength: 25, size: 'medium' }),
});
export type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

/** The programme's own way of saying how long points wait. */
export const activationOf = (waitHours: number): Activation =>
  waitHours === 0 ? { kind: 'immediate' } : { kind: 'after', amount: waitHours, unit: 'hours' };

/** Whoever asks for points meets what time has done already. */
const ASKING: ReadonlySet<string> = new Set(['reserve', 'pay', 'adjust', 'gift']);

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
export const compare = async (
  world: World,
  { policy, spentPoints, waitHours, expiryDays, operations, rules, matching, facts }: Scenario,
  prefix: string,
  startMs: number,
) => {
  const times = createTimes(startMs);
  let expiryOf = createExpiry({ ...PROGRAMME, expiresAfterDays: expiryDays });
  const programme = { ...PROGRAMME, calendar: 'gregorian' as const, rules, matching };
  const known = new Map(CUSTOMERS.map((customer) => [`${prefix}${customer}`, facts[customer]]));
  const given: SlowAward[] = [];
  const earningsOf = ({ customerId, timeMs: atMs, order }: SlowPurchase): { ruleId: string; points: number }[] =>
    slowEarn(programme, { on: 'purchase' }, { atMs, order }, known.get(customerId) ?? undefined).flatMap((award) => {
      const points = slowCap(programme, given, { ...award, customerId, atMs });
      if (points === 0) return [];
      given.push({ ...award, customerId, atMs, points });
      return [{ ...award, points }];
    });
  const model = createSlowLedger({
    policy,
    spentPoints,
    earningsOf,
    expiryOf: (timeMs) => expiryOf(timeMs),
    readyOf: (timeMs) => timeMs + waitHours * 3_600_000,
  });
  const holds: { id: string; model: number }[] = [];
  const name = (id: string): string => `${prefix}${id}`;

  const toEvent = (op: Extract<Operation, { kind: 'batch' }>['events'][number]): PurchaseEvent | undefined => {
    const time = times.ago(op.ageDays);
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
  const tell = (event: PurchaseEvent): void => {
    if (event.type === 'purchase.refunded') model.refund(toRefund(event));
    else {
      const { customerId, orderId, totalMinor, lines: own } = event.data;
      const timeMs = Date.parse(event.time);
      model.purchase({ customerId, orderId, timeMs, total: totalMinor, lines: own, order: event.data });
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
        const order = op.order && name(op.order);
        const held = model.reserve(name(op.customer), points, op.ttlDays * DAY_MS, order ?? null);
        const id = await world.reserve(name(op.customer), points, op.ttlDays * 86_400, order);
        expect(id !== undefined).toBe(held !== undefined);
        if (id !== undefined && held !== undefined) holds.push({ id, model: held });
        return;
      }
      case 'capture': {
        const hold = holds.at(-1 - (op.hold % (holds.length || 1)));
        if (!hold) return;
        const points = Math.min(op.part, model.heldPoints(hold.model) || 1);
        expect(await world.capture(hold.id, points)).toBe(model.capture(hold.model, points));
        return;
      }
      case 'release': {
        const hold = holds.at(-1 - (op.hold % (holds.length || 1)));
        if (hold) expect(await world.release(hold.id)).toBe(model.release(hold.model));
        return;
      }
      case 'adjust':
        expect(await world.adjust(name(op.customer), op.points)).toBe(
          model.adjust(name(op.customer), 'adjust', op.points),
        );
        return;
      case 'pay': {
        const order = name(op.order);
        // Whoever pays for an order that is known is, mostly, who ordered.
        const customer =
          op.part % 4 === 0 ? name(op.customer) : (model.orders.get(order)?.customerId ?? name(op.customer));
        const held = model.reserve(customer, op.points, DAY_MS, order);
        const id = await world.reserve(customer, op.points, 86_400, order);
        expect(id !== undefined).toBe(held !== undefined);
        if (id === undefined || held === undefined) return;
        const part = Math.min(op.part, op.points);
        expect(await world.capture(id, part)).toBe(model.capture(held, part));
        return;
      }
      case 'gift': {
        const [from, to] = op.from === 'ann' ? ['ann', 'bob'] : ['bob', 'ann'];
        expect(await world.give(name(from), name(to), op.points)).toBe(model.gift(name(from), name(to), op.points));
        return;
      }
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

  await world.setExpiry(expiryDays);
  for (const [customerId, each] of known) if (each) await world.know(customerId, each);
  for (const op of operations) {
    times.tick();
    model.setNow(times.now());
    await world.setNow(Temporal.Instant.fromEpochMilliseconds(times.now()));
    // Whoever asks for points meets what time has done already, swept or not; the model only knows of sweeps.
    if (waitHours > 0 && ASKING.has(op.kind)) {
      model.sweep();
      await world.sweep();
    }
    await run(op);
    for (const customer of CUSTOMERS.map(name)) {
      const own = model.customers.get(customer);
      const lots = [...(own?.lots ?? [])].sort((a, b) => a.bornMs - b.bornMs);
      expect(await world.state(customer)).toEqual({
        active: model.active(customer),
        pending: model.pending(customer),
        reserved: model.reserved(customer),
        deficit: own?.deficit ?? 0,
        entries: (own?.entries ?? []).map(({ kind, points, after }) => [kind, points, after]),
        lots: lots.map((lot) => [lot.granted, lot.left, lot.pending, lot.expired, lot.waived, lot.absorbed]),
      });
    }
  }
  for (const order of model.orders.values()) expect(order.taken).toBeLessThanOrEqual(order.earned);
};
