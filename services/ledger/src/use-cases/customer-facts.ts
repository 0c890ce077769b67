import type { Queryable } from '@vafa/bus';
import { findFacts } from '../store/profiles.ts';
import { lookAsOf } from './read-tier.ts';
import type { TierRules } from './tier-rules.ts';

/** What rewards and coupons may ask of a customer. */
export interface CustomerFacts {
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
): Promise<CustomerFacts> => {
  const [found, looked] = await Promise.all([
    findFacts(db, [customerId], tiers?.structure),
    tiers && lookAsOf(db, tiers, customerId, nowMs),
  ]);
  const facts = found.get(customerId);
  const tier = looked ? looked.state?.tier : facts?.tier;
  return { tier: tier ?? null, segments: [...(facts?.segments ?? [])] };
};
