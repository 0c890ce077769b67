import type { Award } from '../domain/rules/award.ts';
import { type Counter, type CounterKey, count } from '../domain/rules/caps.ts';
import type { CompiledRules } from '../domain/rules/compile.ts';
import { capEarned, countersFor, type Earned, rulesOf } from '../domain/rules/earned.ts';

/** What something that is no order earns a customer. */
export interface Gift {
  /** Whose account it goes to. */
  customerId: string;
  earned: Earned;
  /** What makes an award by this rule this one for ever: rule and event, rule and customer and year, or grant. */
  keyOf: (ruleId: string) => readonly string[];
  /** Rules whose award was given before, though under another key; none where it is not given. */
  had?: ReadonlySet<string>;
  /** ISO 8601. */
  occurredAt: string;
  /** Why, for people; the rule's name where it is not given. */
  reason?: string;
  contentHash?: string;
  actor?: string;
  traceparent?: string | undefined;
}

/** A gift in hand, of which some rules may have given their part before. */
export interface ClaimedGift extends Gift {
  given: ReadonlySet<string>;
}

/** Rules by which something of it may be given: each makes one award, once for ever. */
export const rulesOfGift = ({ earned }: Gift): string[] => [...rulesOf(earned)];

const startsOf = ({ occurredAt }: Gift, { periodStartsAt }: CompiledRules) => periodStartsAt(Date.parse(occurredAt));

/** Counters that its caps ask. */
export const countersOfGift = (gift: Gift, rules: CompiledRules): CounterKey[] => {
  const { counted } = gift.earned;
  return counted === undefined ? [] : countersFor(counted, gift.customerId, startsOf(gift, rules));
};

/** What is to be booked of a claimed gift, caps applied; `counters` are counted on. */
export const awardsOfGift = (gift: ClaimedGift, rules: CompiledRules, counters: Map<string, Counter>): Award[] => {
  const { earned, customerId, given } = gift;
  if (earned.counted === undefined) return earned.awards.filter(({ ruleId }) => !given.has(ruleId));
  const { awards, increments } = capEarned(earned.counted, customerId, startsOf(gift, rules), counters, given);
  count(counters, increments);
  return awards;
};
