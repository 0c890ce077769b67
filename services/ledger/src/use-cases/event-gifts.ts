import type { HandlerResult } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import type { RuleSet } from '../domain/rules/compile.ts';
import { earnByEvent } from '../domain/rules/evaluate.ts';
import type { CustomerFacts, EventFacts } from '../domain/rules/facts.ts';
import type { Rules } from './current-programme.ts';
import type { Gift } from './give-awards.ts';

export interface EventGifts {
  gifts: Gift[];
  refused: NonNullable<HandlerResult['refused']>;
}

/** What an event earns by the rules it sets off; natural key: rule and event. */
const giftsOf = (
  event: EventEnvelope,
  customerId: string,
  rules: Rules,
  set: RuleSet,
  facts: CustomerFacts | undefined,
  attributes: EventFacts['attributes'],
): Gift[] =>
  earnByEvent(rules.compiled, set, { atMs: Date.parse(event.time), attributes }, facts).map((award) => ({
    customerId,
    award,
    naturalKey: ['event', award.ruleId, event.source, event.id],
    occurredAt: event.time,
    reason: award.rule?.name ?? award.ruleId,
    traceparent: event.traceparent,
  }));

/** Collects what events earn; those that would earn more than can be counted are refused. */
export const collectGifts = (rules: Rules) => {
  const collected: EventGifts = { gifts: [], refused: [] };
  return {
    collected,
    add: (
      event: EventEnvelope,
      customerId: string,
      set: RuleSet | undefined,
      facts: CustomerFacts | undefined,
      attributes?: EventFacts['attributes'],
    ): void => {
      if (set === undefined) return;
      try {
        collected.gifts.push(...giftsOf(event, customerId, rules, set, facts, attributes));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        collected.refused.push({ event, error });
      }
    },
  };
};
