import type { Queryable } from '@vafa/bus';
import type { ExpiryOf } from '../domain/expiry-policy.ts';
import { findFacts } from '../store/profiles.ts';
import type { Rules } from './current-programme.ts';

/** Nothing is read of customers where no tier has an expiry of its own. */
const isAsked = ({ compiled }: Rules): boolean =>
  [...compiled.tiers.values()].some(({ expiryOf }) => expiryOf !== null);

/** The tier of whoever is given something, as far as it decides when that expires. */
export const findTiersForExpiry = async (
  db: Queryable,
  rules: Rules,
  customerIds: readonly string[],
): Promise<(customerId: string) => string | null> => {
  if (customerIds.length === 0 || !isAsked(rules)) return () => null;
  const facts = await findFacts(db, [...new Set(customerIds)], rules.programme?.tiers);
  return (customerId) => facts.get(customerId)?.tier ?? null;
};

/** When points expire that no rule gave: by the tier that their customer has, else by the programme. */
export const expiryIn = (rules: Rules, tier: string | null): ExpiryOf =>
  rules.compiled.tiers.get(tier ?? '')?.expiryOf ?? rules.expiryOf;
