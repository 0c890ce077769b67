import type { Queryable } from '@vafa/bus';
import type { TierStructure } from '../domain/tiers/structure.ts';
import { findFacts } from '../store/profiles.ts';

/** What rewards and coupons may ask of a customer. */
export interface CustomerFacts {
  tier: string | null;
  segments: string[];
}

/**
 * Reads it for one customer, under the tiers in force; one of whom nothing is known has no tier but the free one, if there is
 * one, and is in no segment.
 */
export const findCustomerFacts = async (
  db: Queryable,
  customerId: string,
  tiers: TierStructure | undefined,
): Promise<CustomerFacts> => {
  const found = (await findFacts(db, [customerId], tiers)).get(customerId);
  return { tier: found?.tier ?? null, segments: [...(found?.segments ?? [])] };
};
