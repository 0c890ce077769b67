import type { Expiry } from '../domain/expiry-policy.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { PROGRAMME } from './events.fixture.ts';
import { CUSTOMERS } from './operations.fixture.ts';
import type { Scenario } from './scenario.fixture.ts';
import type { SlowTerms } from './slow-book.fixture.ts';
import { createSlowCalendar } from './slow-calendar.fixture.ts';
import type { SlowPurchase, SlowRules } from './slow-ledger.fixture.ts';
import { type SlowAward, slowCap, slowEarn } from './slow-rules.fixture.ts';

const UNKNOWN: CustomerFacts = { tier: null, segments: [], lifecycle: null, attributes: {} };

/** The programme of a scenario, as the slow ledger asks it, and what is known of its customers. */
export const createSlowProgramme = (
  scenario: Scenario,
  name: (id: string) => string,
  expiry: () => Expiry,
  tierOf: (customerId: string) => string | null,
) => {
  const { zone, activation, tiers, rules, matching, facts } = scenario;
  const calendar = createSlowCalendar(zone);
  const programme = { ...PROGRAMME, ...zone, rules, matching, ...(tiers ? { tiers } : {}) };
  const known = new Map<string, CustomerFacts | null>(CUSTOMERS.map((customer) => [name(customer), facts[customer]]));
  const given: SlowAward[] = [];
  const factsOf = (customerId: string): CustomerFacts | undefined => {
    const own = known.get(customerId) ?? undefined;
    return tiers ? { ...UNKNOWN, ...own, tier: tierOf(customerId) } : own;
  };
  /** What the caps leave of an award. */
  const capped = (award: SlowAward): number => {
    const points = slowCap(programme, given, award);
    if (points > 0) given.push({ ...award, points });
    return points;
  };
  const earningsOf = ({ customerId, timeMs: atMs, order }: SlowPurchase): { ruleId: string; points: number }[] =>
    slowEarn(programme, { on: 'purchase' }, { atMs, order }, factsOf(customerId)).flatMap((award) => {
      const points = capped({ ...award, customerId, atMs });
      return points === 0 ? [] : [{ ...award, points }];
    });
  /** A call names one rule; what tiers multiply is what orders earn. */
  const grantOf = (customerId: string, ruleId: string, atMs: number): number => {
    const { tiers: _, ...rest } = programme;
    const alone = { ...rest, rules: rules.filter(({ id }) => id === ruleId) };
    const [award] = slowEarn(alone, { on: 'manual_grant' }, { atMs }, factsOf(customerId));
    return award ? capped({ ...award, customerId, atMs }) : 0;
  };
  /** Each award is counted once for each kind of period that the rule's caps ask. */
  const cappedOf = (customerId: string): number =>
    given
      .filter((award) => award.customerId === customerId)
      .reduce((sum, { ruleId }) => {
        const caps = rules.find(({ id }) => id === ruleId)?.caps?.perCustomer ?? [];
        return sum + new Set(caps.map(({ per }) => per)).size;
      }, 0);
  /** What was known of the other before goes before; a tier is had apart. */
  const moved = (from: string, into: string | null): void => {
    const [gone, kept] = [known.get(from), into === null ? null : known.get(into)];
    known.delete(from);
    if (into !== null && gone) known.set(into, { ...(kept ?? gone), tier: kept?.tier ?? gone.tier });
    for (const award of given) if (award.customerId === from) award.customerId = into ?? 'nobody';
  };
  /** A rule's own terms go before those of the tier, the tier's before the programme's; what awaits something, see `fulfil`. */
  const termsOf = (ruleId: string, timeMs: number, tier: string | null): SlowTerms => {
    const rule = rules.find(({ id }) => id === ruleId);
    const ofTier = tiers?.levels.find(({ id }) => id === tier)?.benefits.expiry;
    const { readyMs, awaits } = calendar.readyOf(rule?.activation ?? activation, timeMs);
    const policy = rule?.expiry ?? ofTier ?? expiry();
    return { readyMs, awaits, expiresAtMs: awaits === null ? calendar.expiryOf(policy, readyMs) : null };
  };
  const slowRules: SlowRules = {
    ...scenario,
    ...{ earningsOf, grantOf, cappedOf, moved },
    termsOf,
    expiryOf: (readyMs) => calendar.expiryOf(expiry(), readyMs),
    keptAliveBy: () => {
      const policy = expiry();
      const { activities, interactionTypes } =
        policy.kind === 'sliding' ? policy : { activities: [], interactionTypes: [] };
      const by = (activity: string): boolean => activities.some((each) => each === activity);
      return { purchase: by('purchase'), redemption: by('redemption'), interactions: interactionTypes };
    },
    calendar,
  };
  return { rules: slowRules, known, tierOf: (customerId: string) => factsOf(customerId)?.tier ?? null };
};
