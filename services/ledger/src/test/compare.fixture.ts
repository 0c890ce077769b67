import { expect } from 'vitest';
import { createExpiry } from '../domain/expiry.ts';
import type { Expiry } from '../domain/expiry-policy.ts';
import type { Refund } from '../domain/order.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import type { PurchaseEvent } from '../use-cases/read-batch.ts';
import { PROGRAMME, purchase, refund } from './events.fixture.ts';
import { CUSTOMERS, expiryPolicy, type Operation, type Scenario } from './operations.fixture.ts';
import { createSlowLedger, type SlowPurchase } from './slow-ledger.fixture.ts';
import { type SlowAward, slowCap, slowEarn } from './slow-rules.fixture.ts';

/** A ledger that can be driven: the real one behind its doors, or its domain alone. */
export interface World {
  setNow(now: Temporal.Instant): Promise<void>;
  /** One batch, in order. */
  publish(events: readonly PurchaseEvent[]): Promise<void>;
  /** `orderId`: what it pays for. Returns an id, or undefined when it was refused. */
  reserve(customerId: string, points: number, ttlSeconds: number, orderId?: string): Promise<string | undefined>;
  capture(reservationId: string, points: number): Promise<boolean>;
  release(reservationId: string): Promise<boolean>;
  adjust(customerId: string, points: number): Promise<boolean>;
  /** Returns the ids of the lots that the other has now, or undefined when it was refused. */
  give(from: string, to: string, points: number): Promise<string[] | undefined>;
  /** An interaction. */
  visit(customerId: string, time: string): Promise<void>;
  /** What rules may ask of a customer. */
  know(customerId: string, facts: CustomerFacts): Promise<void>;
  /** Points of later credits expire so. */
  setExpiry(expiry: Expiry): Promise<void>;
  sweep(): Promise<void>;
  state(customerId: string): Promise<State>;
}

export interface State {
  active: number;
  pending: number;
  reserved: number;
  deficit: number;
  tier: string | null;
  /** [kind, points, balance after], oldest first. */
  entries: [string, number, number][];
  /** [granted, left, pending, expired, waived, absorbed], oldest first. */
  lots: number[][];
}

/** Whoever asks for points meets what time has done already; where they slide, activity does too. */
const ASKING: ReadonlySet<string> = new Set(['reserve', 'pay', 'adjust', 'gift']);
const ACTIVE: ReadonlySet<string> = new Set(['batch', 'capture', 'pay', 'visit']);
const UNKNOWN: CustomerFacts = { tier: null, segments: [], lifecycle: null, attributes: {} };

/**
 * Is it to be swept before an operation? The model only knows of sweeps, and the real ledger settles what it meets. Orders earn
 * by the tier that was looked at last.
 */
const isSweptBefore = ({ kind }: Operation, { waitHours, sliding, tiers }: Scenario): boolean =>
  (waitHours > 0 && (ASKING.has(kind) || (sliding !== null && ACTIVE.has(kind)))) ||
  (tiers !== null && kind === 'batch');

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
export const compare = async (world: World, scenario: Scenario, prefix: string, startMs: number) => {
  const { waitHours, expiryDays, sliding, tiers, operations, rules, matching, facts } = scenario;
  const times = createTimes(startMs);
  let expiry = expiryPolicy(expiryDays, sliding);
  const expiryOf = (policy: Expiry) => createExpiry({ ...PROGRAMME, expiresAfterDays: null, expiry: policy });
  const programme = { ...PROGRAMME, calendar: 'gregorian' as const, rules, matching, ...(tiers ? { tiers } : {}) };
  const known = new Map(CUSTOMERS.map((customer) => [`${prefix}${customer}`, facts[customer]]));
  const given: SlowAward[] = [];
  const factsOf = (customerId: string): CustomerFacts | undefined => {
    const own = known.get(customerId) ?? undefined;
    return tiers ? { ...UNKNOWN, ...own, tier: model.tierOf(customerId) } : own;
  };
  const earningsOf = ({ customerId, timeMs: atMs, order }: SlowPurchase): { ruleId: string; points: number }[] =>
    slowEarn(programme, { on: 'purchase' }, { atMs, order }, factsOf(customerId)).flatMap((award) => {
      const points = slowCap(programme, given, { ...award, customerId, atMs });
      if (points === 0) return [];
      given.push({ ...award, customerId, atMs, points });
      return [{ ...award, points }];
    });
  const model = createSlowLedger({
    ...scenario,
    earningsOf,
    expiryOf: (timeMs) => expiryOf(expiry)(timeMs),
    expiryOfTier: (tier) => expiryOf(tiers?.levels.find(({ id }) => id === tier)?.benefits.expiry ?? expiry),
    readyOf: (timeMs) => timeMs + waitHours * 3_600_000,
    keptAliveBy: () => {
      const { activities, interactionTypes } =
        expiry.kind === 'sliding' ? expiry : { activities: [], interactionTypes: [] };
      const by = (name: string): boolean => activities.some((each) => each === name);
      return { purchase: by('purchase'), redemption: by('redemption'), visits: interactionTypes.length > 0 };
    },
    timeZone: PROGRAMME.timeZone,
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
  const told = (event: PurchaseEvent): Parameters<typeof model.batch>[0][number] => {
    if (event.type === 'purchase.refunded') return { refund: toRefund(event) };
    const { customerId, orderId, totalMinor, lines } = event.data;
    const timeMs = Date.parse(event.time);
    return { purchase: { customerId, orderId, timeMs, total: totalMinor, lines, order: event.data } };
  };

  const run = async (op: Operation): Promise<void> => {
    switch (op.kind) {
      case 'batch': {
        const events = op.events.flatMap((each) => toEvent(each) ?? []);
        model.batch(events.map(told));
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
        expect(await world.adjust(name(op.customer), op.points)).toBe(model.adjust(name(op.customer), op.points));
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
        const ids = await world.give(name(from), name(to), op.points);
        const lots = model.gift(name(from), name(to), op.points);
        expect(ids?.length).toBe(lots?.length);
        lots?.forEach((lot, i) => {
          lot.id = ids?.[i] ?? '';
        });
        return;
      }
      case 'visit': {
        const time = times.ago(op.ageDays);
        model.visit(name(op.customer), Date.parse(time));
        return world.visit(name(op.customer), time);
      }
      case 'advance':
        times.advance(op.days);
        return;
      case 'expiry':
        expiry = expiryPolicy(op.days, op.fixed ? null : sliding);
        return world.setExpiry(expiry);
      case 'sweep':
        model.sweep();
        return world.sweep();
    }
  };

  await world.setExpiry(expiry);
  for (const [customerId, each] of known)
    if (each) await world.know(customerId, tiers ? { ...each, tier: null } : each);
  for (const op of operations) {
    times.tick();
    model.setNow(times.now());
    await world.setNow(Temporal.Instant.fromEpochMilliseconds(times.now()));
    if (isSweptBefore(op, scenario)) {
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
        tier: factsOf(customer)?.tier ?? null,
        entries: (own?.entries ?? []).map(({ kind, points, after }) => [kind, points, after]),
        lots: lots.map((lot) => [lot.granted, lot.left, lot.pending, lot.expired, lot.waived, lot.absorbed]),
      });
    }
  }
  for (const order of model.orders.values()) expect(order.taken).toBeLessThanOrEqual(order.earned);
};
