import { expect } from 'vitest';
import type { Expiry } from '../domain/expiry-policy.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import type { PurchaseEvent } from '../use-cases/read-batch.ts';
import { type Change, CUSTOMERS, type Operation } from './operations.fixture.ts';
import { expiryPolicy, isWaiting, type Scenario } from './scenario.fixture.ts';
import { isNobody } from './slow-leave.fixture.ts';
import { createSlowLedger } from './slow-ledger.fixture.ts';
import { createSlowProgramme } from './slow-programme.fixture.ts';
import {
  createTimes,
  type Interaction,
  type Membership,
  toEvent,
  toInteraction,
  told,
  toMembership,
} from './told-events.fixture.ts';

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
  /** A reward (`CLAIMABLE`). Returns the claim's id, the same for the same reference, or undefined when it was refused. */
  claim(customerId: string, reward: number, reference: string | undefined): Promise<string | undefined>;
  /** Tells whether the claim was cancelled. */
  cancel(claimId: string): Promise<boolean>;
  /** Returns the ids of the lots that the other has now, or undefined when it was refused. */
  give(from: string, to: string, points: number): Promise<string[] | undefined>;
  /** Told so many times. */
  visit(interaction: Interaction, times: number): Promise<void>;
  join(membership: Membership, times: number): Promise<void>;
  /** What rules may ask of a customer, but for what `join` tells. */
  know(customerId: string, known: Pick<CustomerFacts, 'attributes'> & { birthDate?: string }): Promise<void>;
  /** Points of later credits expire so. */
  setExpiry(expiry: Expiry): Promise<void>;
  sweep(): Promise<void>;
  /** By a rule, or so many points. Returns the points, or undefined when it was refused. */
  grant(
    customerId: string,
    grantId: string,
    asked: { points: number } | { ruleId: string },
  ): Promise<number | undefined>;
  /**
   * Corrections that need a second person. They are no part of the domain folder, which has no such thing: the world of the domain
   * alone does without.
   */
  requests?: {
    ask(customerId: string, points: number): Promise<string>;
    /** Tells whether it was decided. */
    decide(requestId: string, approves: boolean, who: 'asker' | 'another'): Promise<boolean>;
  };
  /** Told so many times. */
  merge(from: string, into: string, time: string, times: number): Promise<void>;
  erase(customerId: string, time: string, times: number): Promise<void>;
  state(customerId: string): Promise<State>;
  /** What those have who were erased, if they ever had anything. */
  nobodies(): Promise<State[]>;
}

export interface State {
  active: number;
  pending: number;
  reserved: number;
  deficit: number;
  tier: string | null;
  /** What counts towards tiers, and how often caps have counted what the customer was given. */
  counted: { tiers: number; caps: number };
  /** [kind, points, balance after], oldest first. */
  entries: [string, number, number][];
  /** [granted, left, pending, expired, waived, absorbed, when what is left expires as things stand], oldest first. */
  lots: (number | null)[][];
  /** The tiers in which these were issued. The domain alone does not keep them. */
  lotTiers?: (string | null)[];
}

/** Whoever asks for points meets what time has done already. */
const ASKING: ReadonlySet<string> = new Set(['reserve', 'pay', 'adjust', 'gift', 'decide', 'claim']);

/** What a world that keeps no tiers of lots can tell of a state. */
const without = ({ lotTiers: _, ...state }: State): State => state;

const sorted = (states: readonly State[]): State[] =>
  [...states].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** Is it to be swept before an operation? The model only knows of sweeps, where the real ledger settles what it meets. */
const isSweptBefore = ({ kind }: Operation, scenario: Scenario): boolean => isWaiting(scenario) && ASKING.has(kind);

/** A year without leap days, so that all have their birthdays on other days. */
const BIRTH_YEAR = 1990;
const DAY_MS = 86_400_000;

/**
 * Drives a world and the slow model through the same operations and expects them to be the same after each. `prefix` keeps
 * scenarios that share a database apart.
 */
export const compare = async (world: World, scenario: Scenario, prefix: string, startMs: number) => {
  const { sliding, operations } = scenario;
  const times = createTimes(startMs);
  let expiry = expiryPolicy(scenario.expiry, sliding);
  const name = (id: string): string => `${prefix}${id}`;
  const { rules, know, tierOf } = createSlowProgramme(
    scenario,
    () => expiry,
    (customerId) => model.tierOf(customerId),
  );
  const model = createSlowLedger(rules);
  const holds: { id: string; model: number }[] = [];
  /** By their numbers in the model. */
  const claimed = new Map<number, string>();
  const asked: { id: string; model: number }[] = [];
  /** What was told so far and may be told again. */
  const tellings: ((times: number) => Promise<void>)[] = [];
  const tell = (telling: (times: number) => Promise<void>, times: number): Promise<void> => {
    tellings.push(telling);
    return telling(times);
  };
  const join = (customer: string, change: Change, ageDays: number, often = 1): Promise<void> => {
    const event = toMembership(change, customer, times.ago(ageDays));
    return tell((count) => {
      model.join(customer, change, { ...event, timeMs: Date.parse(event.time) });
      return world.join(event, count);
    }, often);
  };
  /** What is known of the customers before anything happens. */
  const introduce = async (): Promise<void> => {
    for (const id of CUSTOMERS) {
      const [facts, inDays] = [scenario.facts[id], scenario.birthdays[id]];
      if (facts === null && inDays === null) continue;
      const { attributes = {}, segments = [], lifecycle = null } = facts ?? {};
      const today = Temporal.Instant.fromEpochMilliseconds(startMs).toZonedDateTimeISO(scenario.zone.timeZone);
      const date = today
        .toPlainDate()
        .add({ days: inDays ?? 0 })
        .with({ year: BIRTH_YEAR })
        .toString();
      const [born, birthDate] =
        inDays === null ? [{}, {}] : [{ born: { date, sinceMs: startMs } }, { birthDate: date }];
      know(name(id), { attributes, tier: null, segments: [], lifecycle: null, ...born });
      await world.know(name(id), { attributes, ...birthDate });
      for (const segment of segments) await join(name(id), { segment, enters: true }, 0);
      if (lifecycle) await join(name(id), { lifecycle }, 0);
    }
  };

  const run = async (op: Operation): Promise<void> => {
    switch (op.kind) {
      case 'batch': {
        const events = op.events.flatMap((each) => toEvent(each, name, times.ago(each.ageDays)) ?? []);
        model.batch(events.map(told));
        await world.publish(op.twice ? [...events, ...events] : events);
        return;
      }
      case 'reserve': {
        const points = op.points ?? (model.active(model.ownerOf(name(op.customer))) || 1);
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
        const buyer = model.orders.get(order)?.customerId ?? name(op.customer);
        const customer = op.part % 4 === 0 || isNobody(buyer) ? name(op.customer) : buyer;
        const held = model.reserve(customer, op.points, DAY_MS, order);
        const id = await world.reserve(customer, op.points, 86_400, order);
        expect(id !== undefined).toBe(held !== undefined);
        if (id === undefined || held === undefined) return;
        const part = Math.min(op.part, op.points);
        expect(await world.capture(id, part)).toBe(model.capture(held, part));
        return;
      }
      case 'gift': {
        const [from, to] = op.pair.map(name) as [string, string];
        const ids = await world.give(from, to, op.points);
        const lots = model.gift(from, to, op.points);
        expect(ids?.length).toBe(lots?.length);
        lots?.forEach((lot, i) => {
          lot.id = ids?.[i] ?? '';
        });
        return;
      }
      case 'grant': {
        const rule = scenario.rules.find(({ trigger }) => trigger.on === 'manual_grant');
        const wanted = op.byRule && rule ? { ruleId: rule.id } : { points: op.points };
        for (let i = 0; i < op.times; i++) {
          const points = await world.grant(name(op.customer), name(op.grant), wanted);
          expect(points).toBe(model.grant(name(op.customer), name(op.grant), wanted));
        }
        return;
      }
      case 'claim': {
        const reference = op.reference && name(op.reference);
        for (let i = 0; i < op.times; i++) {
          const number = model.claim(name(op.customer), op.reward, reference);
          const id = await world.claim(name(op.customer), op.reward, reference);
          expect(id !== undefined).toBe(number !== undefined);
          if (id === undefined || number === undefined) continue;
          expect(id).toBe(claimed.get(number) ?? id);
          claimed.set(number, id);
        }
        return;
      }
      case 'cancel': {
        const claim = [...claimed].at(-1 - (op.back % (claimed.size || 1)));
        if (claim) expect(await world.cancel(claim[1])).toBe(model.cancel(claim[0]));
        return;
      }
      case 'ask':
        if (world.requests)
          asked.push({
            id: await world.requests.ask(name(op.customer), op.points),
            model: model.ask(name(op.customer), op.points),
          });
        return;
      case 'decide': {
        const request = asked.at(-1 - (op.back % (asked.length || 1)));
        if (request)
          expect(await world.requests?.decide(request.id, op.approves, op.who)).toBe(
            model.decide(request.model, op.approves, op.who),
          );
        return;
      }
      case 'merge': {
        const [from, into] = op.pair.map(name) as [string, string];
        const time = times.ago(op.ageDays);
        return tell((count) => {
          model.merge(from, into, Date.parse(time));
          return world.merge(from, into, time, count);
        }, op.times);
      }
      case 'erase': {
        const [customer, time] = [name(op.customer), times.ago(op.ageDays)];
        return tell((count) => {
          model.erase(customer, Date.parse(time));
          return world.erase(customer, time, count);
        }, op.times);
      }
      case 'visit': {
        const attributes = { ...op.attributes, ...(op.about ? { orderId: name(op.about) } : {}) };
        const event = toInteraction({ ...op, attributes }, name(op.customer), times.ago(op.ageDays));
        return tell((count) => {
          model.visit(event.data.customerId, op.type, { ...event, timeMs: Date.parse(event.time) }, attributes);
          return world.visit(event, count);
        }, op.times);
      }
      case 'join':
        return join(name(op.customer), op.change, op.ageDays, op.times);
      case 'retell':
        return tellings.at(-1 - (op.back % (tellings.length || 1)))?.(1);
      case 'advance':
        times.advance(op.days);
        return;
      case 'expiry':
        expiry = expiryPolicy(op.policy, op.fixed ? null : sliding);
        return world.setExpiry(expiry);
      case 'sweep':
        model.sweep();
        return world.sweep();
    }
  };

  const setNow = (): Promise<void> => {
    model.setNow(times.now());
    return world.setNow(Temporal.Instant.fromEpochMilliseconds(times.now()));
  };
  await setNow();
  await world.setExpiry(expiry);
  await introduce();
  const sweep = (): Promise<void> => {
    model.sweep();
    return world.sweep();
  };
  for (const op of operations) {
    times.tick();
    await setNow();
    if (isSweptBefore(op, scenario)) await sweep();
    await run(op);
    for (const customer of CUSTOMERS.map(name)) {
      const state = await world.state(customer);
      const expected = { ...model.state(customer), tier: tierOf(customer) };
      expect(state).toEqual(state.lotTiers ? expected : without(expected));
    }
    // Nobody knows who is who of those that were erased.
    const nobodies = [...model.customers.keys()].filter(isNobody).map(model.state);
    expect(sorted((await world.nobodies()).map(without))).toEqual(
      sorted(nobodies.filter(({ entries }) => entries.length > 0).map(without)),
    );
  }
  for (const order of model.orders.values()) expect(order.taken).toBeLessThanOrEqual(order.earned);
};
