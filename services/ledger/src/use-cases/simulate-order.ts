import type { Queryable } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import { checkProgramme } from '../domain/check-programme.ts';
import type { Programme } from '../domain/programme.ts';
import { tryOrder } from '../domain/replay.ts';
import type { Award } from '../domain/rules/award.ts';
import type { Counter } from '../domain/rules/caps.ts';
import { countersFor } from '../domain/rules/earned.ts';
import { earnByPurchase } from '../domain/rules/evaluate.ts';
import { byRateAlone, explanationText } from '../domain/rules/explanation.ts';
import type { CustomerFacts, OrderFacts } from '../domain/rules/facts.ts';
import { isReadableInstant, UNREADABLE_INSTANT } from '../domain/window-problems.ts';
import { resolveCustomer } from '../store/accounts.ts';
import { isoOfMs } from '../store/instants.ts';
import { factsOfAnybody } from '../store/profiles.ts';
import { readCounters } from '../store/read-counters.ts';
import { type CurrentRules, type Rules, rulesOf, termsFor } from './current-programme.ts';
import { findTriedFacts } from './customer-facts.ts';
import { readProgramme } from './read-programme.ts';

export interface SimulateCommand {
  order: OrderFacts & { occurredAt?: string };
  /** What is assumed of the customer; goes before what is known of `customerId`. */
  customer?: Partial<CustomerFacts>;
  customerId?: string;
  /** At most one of these; what is in force where neither is given. */
  draftId?: string;
  version?: number;
}

export interface SimulatedEntry {
  ruleId: string;
  points: number;
  explanation: string;
  /** Not spendable before; absent = at once. */
  activatesAt?: string;
  /** The interaction that makes them spendable, before `activatesAt`. */
  awaits?: string;
  /** Absent = never, or not known before they are activated. */
  expiresAt?: string;
}

export interface Simulated {
  /** What it was tried with. */
  version?: number;
  draftId?: string;
  points: number;
  entries: SimulatedEntry[];
  /** Why it earns nothing; null when it earns something. */
  note: string | null;
  /** Rules whose caps would leave nothing of what they gave. */
  cappedAway: string[];
}

/** Periods of caps begin before their orders, in calendars of people: further back dates are no dates any more. */
const EARLIEST_MS = Date.parse('1900-01-01T00:00:00Z');

/** In the place of a customer whose caps have counted nothing yet; no customer's id. */
const NOBODY = ' ';

/** Who orders, and when. */
interface Who {
  customerId: string;
  facts: CustomerFacts;
  atMs: number;
}

/** What caps have counted so far, of those that the order would ask. */
const readCountersFor = (
  db: Queryable,
  { compiled }: Rules,
  order: OrderFacts,
  { customerId, facts, atMs }: Who,
): Promise<Map<string, Counter>> | Map<string, Counter> => {
  const { counted } = earnByPurchase(compiled, { atMs, order }, facts);
  return counted === undefined
    ? new Map()
    : readCounters(db, countersFor(counted, customerId, compiled.periodStartsAt(atMs)));
};

const entryOf = (award: Award, rules: Rules, { atMs, facts }: Who, nowMs: number): SimulatedEntry => {
  const { ruleId, points, explanation, rule } = award;
  const { pendingUntilMs, awaits, expiresAtMs } = termsFor(rules, rule, atMs, nowMs, facts?.tier ?? null);
  return {
    ruleId,
    points,
    explanation: explanationText(explanation ?? byRateAlone(points)),
    ...(pendingUntilMs === null ? {} : { activatesAt: isoOfMs(pendingUntilMs) }),
    ...(awaits === null ? {} : { awaits }),
    ...(expiresAtMs === null ? {} : { expiresAt: isoOfMs(expiresAtMs) }),
  };
};

/** A tier that the programme has not would be tried as no tier at all. */
const checkTier = ({ tiers }: Programme, tier: string | null | undefined): void => {
  if (typeof tier !== 'string' || tiers?.levels.some(({ id }) => id === tier)) return;
  throw new AppError('invalid', 'ledger.unknown_tier', 'the customer has a tier that the programme has not', {
    problems: [{ path: '/customer/tier', message: 'is no tier of the programme' }],
  });
};

/**
 * What an order would earn, with the reason, by a draft, a version or what is in force. Writes nothing. Of a known customer
 * caps go on from what they have counted; budgets for all do so in any case.
 * @throws AppError not_found `ledger.draft_not_found`, `ledger.no_programme`, invalid `ledger.invalid_programme`,
 * `ledger.simulation_of_two`, `ledger.unknown_tier`, `ledger.unreadable_instant`, `ledger.order_too_old`, rejected
 * `ledger.points_out_of_range`
 */
export const simulateOrder = async (
  db: Queryable,
  command: SimulateCommand,
  now: Temporal.Instant,
  { currentRules }: { currentRules: CurrentRules },
): Promise<Simulated> => {
  const { order, draftId, version, customerId } = command;
  if (draftId !== undefined && version !== undefined)
    throw new AppError('invalid', 'ledger.simulation_of_two', 'name a draft or a version, not both', {
      problems: [{ path: '/version', message: 'is given beside draftId' }],
    });
  if (order.occurredAt !== undefined && !isReadableInstant(order.occurredAt))
    throw new AppError('invalid', 'ledger.unreadable_instant', 'the time of the order can not be read', {
      problems: [{ path: '/order/occurredAt', message: UNREADABLE_INSTANT }],
    });
  const atMs = order.occurredAt === undefined ? now.epochMilliseconds : Date.parse(order.occurredAt);
  if (atMs < EARLIEST_MS)
    throw new AppError('invalid', 'ledger.order_too_old', 'no order is as old as that', {
      problems: [{ path: '/order/occurredAt', message: 'must not be before 1900-01-01T00:00:00Z' }],
    });
  const { programme, ...from } = await readProgramme(db, { draftId, version });
  checkProgramme(programme);
  checkTier(programme, command.customer?.tier);
  const rules = rulesOf({ ...programme, version: from.version ?? 0 });
  const findKnown = async (id: string) =>
    findTriedFacts(db, {
      customerIds: [id],
      tried: programme.tiers,
      inForce: (await currentRules(db)).tiers,
      nowMs: now.epochMilliseconds,
    });
  const owner = customerId === undefined ? undefined : await resolveCustomer(db, customerId);
  const known = owner === undefined ? undefined : (await findKnown(owner)).get(owner);
  const who: Who = {
    customerId: owner ?? NOBODY,
    facts: { ...factsOfAnybody(programme.tiers), ...known, ...command.customer },
    atMs,
  };
  const counters = await readCountersFor(db, rules, order, who);
  const { awards, note, cappedAway } = tryOrder(rules.compiled, order, who, counters);
  return {
    ...from,
    points: awards.reduce((sum, { points }) => sum + points, 0),
    entries: awards.map((award) => entryOf(award, rules, who, now.epochMilliseconds)),
    note,
    cappedAway,
  };
};
