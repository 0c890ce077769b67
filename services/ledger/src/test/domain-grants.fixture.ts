import { present } from '@vafa/kernel';
import { credit } from '../domain/credit.ts';
import { capAward, count } from '../domain/rules/caps.ts';
import { earnByEvent } from '../domain/rules/evaluate.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { GRANT_RULE } from '../domain/rules/rule.ts';
import { type Rules, termsFor } from '../use-cases/current-programme.ts';
import type { DomainTables } from './domain-tables.fixture.ts';

/** Gives points by a rule for grants, or as many as are asked for. Returns them; undefined: nothing is left of it. */
export const giveGrant = (
  { withBook, account, counters, clock }: DomainTables,
  rules: Rules,
  facts: ReadonlyMap<string, CustomerFacts>,
  grant: { customerId: string; grantId: string; asked: { points: number } | { ruleId: string } },
): number | undefined => {
  const { customerId, grantId, asked } = grant;
  const atMs = clock.now.epochMilliseconds;
  const [found] =
    'points' in asked
      ? [{ ruleId: GRANT_RULE, points: asked.points, explanation: null, rule: null }]
      : earnByEvent(
          rules.compiled,
          present(rules.compiled.grants.get(asked.ruleId), 'rule for grants'),
          { atMs },
          facts.get(customerId),
        );
  if (!found) return undefined;
  const { award, increments } = capAward(found, customerId, rules.compiled.periodStartsAt(atMs), counters);
  count(counters, increments);
  if (!award) return undefined;
  const posting = {
    kind: 'earn' as const,
    points: award.points,
    occurredAt: clock.now.toString(),
    naturalKey: ['grant', grantId],
    ruleId: award.ruleId,
  };
  withBook((book) => credit(book, account(customerId), posting, termsFor(rules, award.rule, atMs, book.nowMs)));
  return award.points;
};
