import type { Tx } from '@vafa/bus';
import type { ExpiringOf } from '../domain/terms.ts';
import { findFacts } from '../store/profiles.ts';
import { expiringBy, type Rules } from './current-programme.ts';
import { settleTiers } from './settle-tiers.ts';

/** Facts of customers are not read where no tier has an expiry of its own. */
const isAsked = ({ compiled }: Rules): boolean =>
  [...compiled.tiers.values()].some(({ expiryOf }) => expiryOf !== null);

/**
 * Before somebody is given something: tiers that are past their time are lost, so that it is issued in, and counts towards, the one that
 * is told (`settleTiers`). Returns the tier as far as it decides when that expires.
 * @throws AppError as `settleTiers` does
 */
export const settleBeforeGiving = async (
  tx: Tx,
  rules: Rules,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<(customerId: string) => string | null> => {
  const receivers = [...new Set(customerIds)];
  await settleTiers(tx, rules, receivers, now);
  if (receivers.length === 0 || !isAsked(rules)) return () => null;
  const facts = await findFacts(tx, receivers, rules.programme?.tiers);
  return (customerId) => facts.get(customerId)?.tier ?? null;
};

/**
 * When points expire by the programme in force now: by the rule of this id (null = no rule gave them), if it has an expiry of its
 * own; else by the tier that their customer has; else by the programme. A rule that is gone says nothing any more.
 */
export const expiringIn = (rules: Rules, tier: string | null, ruleId: string | null = null): ExpiringOf =>
  expiringBy(rules, rules.compiled.byId.get(ruleId ?? '') ?? null, tier);
