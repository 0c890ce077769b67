import type { Tx } from '@vafa/bus';
import type { ExpiringOf } from '../domain/terms.ts';
import { expiringBy, type Rules } from './current-programme.ts';
import { findSettledFacts } from './settle-tiers.ts';

/** Nothing is read of customers where no tier has an expiry of its own. */
const isAsked = ({ compiled }: Rules): boolean =>
  [...compiled.tiers.values()].some(({ expiryOf }) => expiryOf !== null);

/**
 * The tier of whoever is given something, as far as it decides when that expires; one that is past its time is lost before.
 * @throws AppError as `settleTiers` does
 */
export const findTiersForExpiry = async (
  tx: Tx,
  rules: Rules,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<(customerId: string) => string | null> => {
  if (customerIds.length === 0 || !isAsked(rules)) return () => null;
  const facts = await findSettledFacts(tx, rules, [...new Set(customerIds)], now);
  return (customerId) => facts.get(customerId)?.tier ?? null;
};

/**
 * When points expire by the programme in force now: by the rule of this id (null = no rule gave them), if it has an expiry of its
 * own; else by the tier that their customer has; else by the programme. A rule that is gone says nothing any more.
 */
export const expiringIn = (rules: Rules, tier: string | null, ruleId: string | null = null): ExpiringOf =>
  expiringBy(rules, rules.compiled.byId.get(ruleId ?? '') ?? null, tier);
