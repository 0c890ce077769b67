import type { Queryable } from '@vafa/bus';
import { findFacts } from '../store/profiles.ts';

/** What rewards and coupons may ask of a customer. */
export interface CustomerFacts {
  tier: string | null;
  segments: string[];
}

/** Reads it for one customer; one of whom nothing is known has no tier and is in no segment. */
export const findCustomerFacts = async (db: Queryable, customerId: string): Promise<CustomerFacts> => {
  const found = (await findFacts(db, [customerId])).get(customerId);
  return { tier: found?.tier ?? null, segments: [...(found?.segments ?? [])] };
};
