import type { Queryable } from '@vafa/bus';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { freeTierOf, type TierStructure } from '../domain/tiers/structure.ts';
import { findFacts } from '../store/profiles.ts';
import { findDueTiers } from '../store/tier-states.ts';
import { lookAsOf, looksAsOf } from './read-tier.ts';
import type { TierRules } from './tier-rules.ts';

/** What rewards and coupons may ask of a customer. */
export interface OfferFacts {
  tier: string | null;
  segments: string[];
}

/**
 * Reads it for one customer, under the tiers in force; one of whom nothing is known has no tier but the free one, if there is
 * one, and is in no segment. The tier is the one that is told: a tier that is past its time gives nothing any more, though the
 * sweep has not been by.
 */
export const findCustomerFacts = async (
  db: Queryable,
  customerId: string,
  tiers: TierRules | undefined,
  nowMs: number,
): Promise<OfferFacts> => {
  const [found, looked] = await Promise.all([
    findFacts(db, [customerId], tiers?.structure),
    tiers && lookAsOf(db, tiers, customerId, nowMs),
  ]);
  const facts = found.get(customerId);
  const tier = looked ? looked.state?.tier : facts?.tier;
  return { tier: tier ?? null, segments: [...(facts?.segments ?? [])] };
};

/** What a programme that is only tried asks of customers. */
export interface TriedOn {
  customerIds: readonly string[];
  /** The tiers of what is tried. */
  tried: Pick<TierStructure, 'levels'> | undefined;
  /** The tiers in force: by them customers have theirs. */
  inForce: TierRules | undefined;
  nowMs: number;
}

/**
 * What rules may ask of these customers by a programme that is only tried, with the tiers that booking would find at this moment (see
 * `settleTiers`); nothing is written. Of whom nothing is known is left out, unless a level is free.
 */
export const findTriedFacts = async (
  db: Queryable,
  { customerIds, tried, inForce, nowMs }: TriedOn,
): Promise<ReadonlyMap<string, CustomerFacts>> => {
  const found = await findFacts(db, customerIds, tried);
  if (!inForce) return found;
  const due = await findDueTiers(db, customerIds, Temporal.Instant.fromEpochMilliseconds(nowMs).toString());
  if (due.length === 0) return found;
  const looked = await looksAsOf(db, inForce, due, nowMs);
  const free = freeTierOf(tried);
  return new Map(
    [...found].map(([customerId, facts]) => {
      const look = looked.get(customerId);
      return [customerId, look ? { ...facts, tier: look.state?.tier ?? free } : facts];
    }),
  );
};
