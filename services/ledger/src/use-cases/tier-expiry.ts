import type { Queryable } from '@vafa/bus';
import type { ExpiringOf } from '../domain/terms.ts';
import { findFacts } from '../store/profiles.ts';
import { expiringBy, type Rules } from './current-programme.ts';

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

/**
 * When points expire by the programme in force now: by the rule of this id (null = no rule gave them), if it has an expiry of its
 * own; else by the tier that their customer has; else by the programme. A rule that is gone says nothing any more.
 */
export const expiringIn = (rules: Rules, tier: string | null, ruleId: string | null = null): ExpiringOf =>
  expiringBy(rules, rules.compiled.byId.get(ruleId ?? '') ?? null, tier);
