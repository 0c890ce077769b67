import type { HandlerResult } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import type { RuleSet } from '../domain/rules/compile.ts';
import { earnByEvent } from '../domain/rules/evaluate.ts';
import type { CustomerFacts, EventFacts } from '../domain/rules/facts.ts';
import type { Rules } from './current-programme.ts';
import type { Gift } from './gift.ts';

export interface EventGifts {
  gifts: Gift[];
  refused: NonNullable<HandlerResult['refused']>;
}

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
        const earned = earnByEvent(rules.compiled, set, { atMs: Date.parse(event.time), attributes }, facts);
        collected.gifts.push({
          customerId,
          earned,
          keyOf: (ruleId) => ['event', ruleId, event.source, event.id],
          occurredAt: event.time,
          traceparent: event.traceparent,
        });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        collected.refused.push({ event, error });
      }
    },
  };
};
