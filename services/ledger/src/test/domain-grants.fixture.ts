import { present } from '@vafa/kernel';
import { lastBirthday, nextBirthday } from '../domain/birthday.ts';
import type { CalendarZone } from '../domain/calendar.ts';
import { credit } from '../domain/credit.ts';
import { capAward, count } from '../domain/rules/caps.ts';
import { type Award, earnByEvent } from '../domain/rules/evaluate.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import { GRANT_RULE } from '../domain/rules/rule.ts';
import type { Counted } from '../use-cases/count-towards-tiers.ts';
import { type Rules, termsFor } from '../use-cases/current-programme.ts';
import type { DomainTables } from './domain-tables.fixture.ts';

/** An award that no order stands for. */
export interface DomainGift {
  customerId: string;
  award: Award;
  naturalKey: string[];
  atMs: number;
}

/** Those that were never given before, from now on claimed. */
export const claimOnce = ({ awarded }: DomainTables, gifts: readonly DomainGift[]): DomainGift[] =>
  gifts.filter(({ naturalKey }) => {
    const key = JSON.stringify(naturalKey);
    if (awarded.has(key)) return false;
    awarded.add(key);
    return true;
  });

/** Books claimed awards, as far as their caps leave something of them. Returns what counts towards tiers. */
export const bookDomainGifts = (
  { withBook, account, counters }: DomainTables,
  rules: Rules,
  gifts: readonly DomainGift[],
  tierOf: (customerId: string) => string | null,
): Counted[] =>
  gifts.flatMap(({ customerId, award: found, naturalKey, atMs }) => {
    const own = account(customerId);
    const { award, increments } = capAward(found, customerId, rules.compiled.periodStartsAt(atMs), counters);
    count(counters, increments);
    if (!award) return [];
    const occurredAt = Temporal.Instant.fromEpochMilliseconds(atMs).toString();
    const posting = { kind: 'earn' as const, points: award.points, occurredAt, naturalKey, ruleId: award.ruleId };
    withBook((book) => credit(book, own, posting, termsFor(rules, award.rule, atMs, book.nowMs, tierOf(customerId))));
    return [{ customerId, atMs, amount: award.points }];
  });

/** What a grant gives, by a rule or as many points as are asked for. */
export const grantedBy = (
  rules: Rules,
  facts: ReadonlyMap<string, CustomerFacts>,
  grant: { customerId: string; atMs: number; asked: { points: number } | { ruleId: string } },
): Award | undefined => {
  const { customerId, atMs, asked } = grant;
  if ('points' in asked) return { ruleId: GRANT_RULE, points: asked.points, explanation: null, rule: null };
  const set = present(rules.compiled.grants.get(asked.ruleId), 'rule for grants');
  return earnByEvent(rules.compiled, set, { atMs }, facts.get(customerId))[0];
};

const LATE_MS = 7 * 86_400_000;

/** What birthdays that have begun give, and when the next ones are. */
export const celebrated = (
  { birthdays, clock }: DomainTables,
  rules: Rules,
  facts: ReadonlyMap<string, CustomerFacts>,
  zone: CalendarZone,
): DomainGift[] => {
  const nowMs = clock.now.epochMilliseconds;
  const due = [...birthdays].filter(([, { nextMs }]) => nextMs <= nowMs).sort(([, a], [, b]) => a.nextMs - b.nextMs);
  return due.flatMap(([customerId, birthday]) => {
    const { startMs: atMs, year } = present(lastBirthday(birthday.birthDate, zone, nowMs), 'birthday');
    birthday.nextMs = present(nextBirthday(birthday.birthDate, zone, nowMs), 'birthday').startMs;
    if (atMs < nowMs - LATE_MS) return [];
    return earnByEvent(rules.compiled, rules.compiled.birthday, { atMs }, facts.get(customerId)).map((award) => ({
      ...{ customerId, award, atMs },
      naturalKey: ['birthday', award.ruleId, customerId, String(year)],
    }));
  });
};
