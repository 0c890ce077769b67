import type { Expiry } from '../domain/expiry-policy.ts';
import type { CustomerFacts, EventFacts } from '../domain/rules/facts.ts';
import type { Trigger } from '../domain/rules/rule.ts';
import { PROGRAMME } from './events.fixture.ts';
import type { Change } from './operations.fixture.ts';
import type { Scenario } from './scenario.fixture.ts';
import type { SlowPurchase, SlowRules } from './slow-asks.fixture.ts';
import type { SlowEnd, SlowTerms } from './slow-book.fixture.ts';
import { createSlowCalendar } from './slow-calendar.fixture.ts';
import { type SlowAward, type SlowWay, slowCap, slowPossible, slowTaken, slowWays } from './slow-rules.fixture.ts';

/** What is known of a customer, and since when of the date of birth. */
type Known = CustomerFacts & { born?: { date: string; sinceMs: number } };

const UNKNOWN: CustomerFacts = { tier: null, segments: [], lifecycle: null, attributes: {} };

/** The programme of a scenario, as the slow ledger asks it, and what is known of its customers. */
export const createSlowProgramme = (
  scenario: Scenario,
  expiry: () => Expiry,
  tierOf: (customerId: string) => string | null,
) => {
  const { zone, activation, tiers, rules, matching } = scenario;
  const calendar = createSlowCalendar(zone);
  const programme = { ...PROGRAMME, ...zone, rules, matching, ...(tiers ? { tiers } : {}) };
  const known = new Map<string, Known>();
  const know = (customerId: string, own: Known): void => void known.set(customerId, own);
  const given: SlowAward[] = [];
  const factsOf = (customerId: string): CustomerFacts | undefined => {
    const own = known.get(customerId);
    return tiers ? { ...UNKNOWN, ...own, tier: tierOf(customerId) } : own;
  };
  /** What is taken of what rules may give, counted from now on; what they gave of it before counts no more. */
  const taken: SlowRules['taken'] = (customerId, ways, atMs, before = []) => {
    const awards = slowTaken(programme, ways, (ruleId, points) =>
      before.includes(ruleId) ? points : slowCap(programme, given, { ruleId, customerId, atMs, points }),
    ).filter(({ ruleId }) => !before.includes(ruleId));
    for (const { ruleId, points } of awards) given.push({ ruleId, customerId, atMs, points });
    return awards;
  };
  const earningsOf = ({ customerId, timeMs: atMs, order }: SlowPurchase): ReturnType<SlowRules['earningsOf']> =>
    taken(customerId, slowWays(programme, { on: 'purchase' }, { atMs, order }, factsOf(customerId)), atMs);
  /** What tiers multiply is what orders earn. */
  const { tiers: _, ...withoutTiers } = programme;
  const waysOf = (customerId: string, trigger: Trigger, event: EventFacts) =>
    slowWays(withoutTiers, trigger, event, factsOf(customerId));
  const possible = (ways: readonly SlowWay[]) => slowPossible(programme, ways);
  const changed = (customerId: string, change: Change): void => {
    const own = known.get(customerId) ?? UNKNOWN;
    if ('lifecycle' in change) {
      know(customerId, { ...own, lifecycle: change.lifecycle });
      return;
    }
    const others = own.segments.filter((each) => each !== change.segment);
    know(customerId, { ...own, segments: change.enters ? [...others, change.segment] : others });
  };
  /** The last one that has begun; who was born on a day that the month lacks has it on the month's last. */
  const birthdays = (nowMs: number) =>
    [...known]
      .flatMap(([customerId, { born }]) => {
        if (!born) return [];
        const { calendarId, year } = calendar.dayOf(nowMs);
        const { month, day } = Temporal.PlainDate.from(born.date).withCalendar(calendarId);
        const begun = [year - 1, year]
          .map((each) => Temporal.PlainDate.from({ calendar: calendarId, year: each, month, day }))
          .findLast((each) => calendar.startOf(each) <= nowMs);
        if (!begun) return [];
        const startMs = calendar.startOf(begun);
        const isNew = startMs > born.sinceMs;
        born.sinceMs = nowMs;
        return [{ customerId, year: begun.year, startMs, isNew }];
      })
      .sort((a, b) => a.startMs - b.startMs);
  /** A call names one rule. */
  const grantOf = (customerId: string, ruleId: string, atMs: number): number => {
    const alone = { ...withoutTiers, rules: rules.filter(({ id }) => id === ruleId) };
    const [award] = taken(customerId, slowWays(alone, { on: 'manual_grant' }, { atMs }, factsOf(customerId)), atMs);
    return award?.points ?? 0;
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
    if (into !== null && gone) {
      const isTold = kept && (Object.keys(kept.attributes).length > 0 || kept.born);
      const { attributes, born } = isTold ? kept : gone;
      known.set(into, { ...(kept ?? gone), attributes, ...(born ? { born } : {}), tier: kept?.tier ?? gone.tier });
    }
    for (const award of given) if (award.customerId === from) award.customerId = into ?? 'nobody';
  };
  /** A rule's own expiry goes before that of the tier, the tier's before the programme's; only the programme's points slide. */
  const endsOf = (readyMs: number, tier: string | null, ruleId?: string): SlowEnd => {
    const rule = rules.find(({ id }) => id === ruleId);
    const own = rule?.expiry ?? tiers?.levels.find(({ id }) => id === tier)?.benefits.expiry;
    const ofProgramme = expiry().kind === 'sliding' ? 'any activity' : 'later activity';
    return {
      expiresAtMs: calendar.expiryOf(own ?? expiry(), readyMs),
      keptBy: own === undefined ? ofProgramme : 'nothing',
    };
  };
  /** When what awaits something expires is not known yet. */
  const termsOf = (ruleId: string, timeMs: number, tier: string | null): SlowTerms => {
    const rule = rules.find(({ id }) => id === ruleId);
    const { readyMs, awaits } = calendar.readyOf(rule?.activation ?? activation, timeMs);
    const ends =
      awaits === null ? endsOf(readyMs, tier, ruleId) : { expiresAtMs: null, keptBy: 'any activity' as const };
    return { readyMs, awaits, ...ends };
  };
  const slowRules: SlowRules = {
    ...scenario,
    ...{ earningsOf, grantOf, waysOf, possible, taken, changed, birthdays, cappedOf, moved },
    termsOf,
    endsOf,
    keptAliveBy: () => {
      const policy = expiry();
      const { activities, interactionTypes } =
        policy.kind === 'sliding' ? policy : { activities: [], interactionTypes: [] };
      const by = (activity: string): boolean => activities.some((each) => each === activity);
      return { purchase: by('purchase'), redemption: by('redemption'), interactions: interactionTypes };
    },
    calendar,
  };
  return { rules: slowRules, know, tierOf: (customerId: string) => factsOf(customerId)?.tier ?? null };
};
