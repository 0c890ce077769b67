import { present } from '@vafa/kernel';
import { isSameBirthday, lastBirthday, nextBirthday } from '../domain/birthday.ts';
import type { CalendarZone } from '../domain/calendar.ts';
import { creditAwaiting } from '../domain/credit-awaiting.ts';
import type { Earned } from '../domain/rules/earned.ts';
import { earnByEvent } from '../domain/rules/evaluate.ts';
import type { CustomerFacts } from '../domain/rules/facts.ts';
import type { Counted } from '../use-cases/count-towards-tiers.ts';
import { type Rules, termsFor } from '../use-cases/current-programme.ts';
import { awardsOfGift, type ClaimedGift, type Gift, rulesOfGift } from '../use-cases/gift.ts';
import { asManyAsAsked } from '../use-cases/grant-points.ts';
import { expiringIn } from '../use-cases/tier-expiry.ts';
import { type DomainTables, fulfilledOf } from './domain-tables.fixture.ts';

/** Those of which something was never given before, from now on claimed. */
export const claimOnce = ({ awarded }: DomainTables, gifts: readonly Gift[]): ClaimedGift[] =>
  gifts.flatMap((gift) => {
    const rules = rulesOfGift(gift);
    const given = new Set<string>(gift.had);
    for (const ruleId of rules) {
      if (given.has(ruleId)) continue;
      const key = JSON.stringify(gift.keyOf(ruleId));
      if (awarded.has(key)) given.add(ruleId);
      awarded.add(key);
    }
    return given.size < rules.length ? [{ ...gift, given }] : [];
  });

/** Books claimed awards, as far as their caps leave something of them. Returns what counts towards tiers. */
export const bookDomainGifts = (
  tables: DomainTables,
  rules: Rules,
  gifts: readonly ClaimedGift[],
  tierOf: (customerId: string) => string | null,
): Counted[] => {
  const { withBook, account, counters } = tables;
  return gifts.flatMap((gift) => {
    const { customerId, keyOf, occurredAt } = gift;
    const own = account(customerId);
    const wonAtMs = Date.parse(occurredAt);
    return awardsOfGift(gift, rules.compiled, counters).map(({ ruleId, points, rule }) => {
      const posting = { kind: 'earn' as const, points, occurredAt, naturalKey: keyOf(ruleId), ruleId };
      withBook((book) => {
        const terms = termsFor(rules, rule, wonAtMs, book.nowMs, tierOf(customerId));
        const won = { customerId, wonAtMs, orderId: null, ruleId, terms };
        const { fulfilled } = fulfilledOf(tables, won, expiringIn(rules, tierOf(customerId), ruleId));
        creditAwaiting(book, own, posting, terms, fulfilled);
      });
      return { customerId, atMs: wonAtMs, amount: points };
    });
  });
};

/** What a grant gives, by a rule or as many points as are asked for. */
export const grantedBy = (
  rules: Rules,
  facts: ReadonlyMap<string, CustomerFacts>,
  grant: { customerId: string; atMs: number; asked: { points: number } | { ruleId: string } },
): Earned => {
  const { customerId, atMs, asked } = grant;
  if ('points' in asked) return asManyAsAsked(asked.points);
  const set = present(rules.compiled.grants.get(asked.ruleId), 'rule for grants');
  return earnByEvent(rules.compiled, set, { atMs }, facts.get(customerId));
};

const LATE_MS = 7 * 86_400_000;

/** What birthdays that have begun give, and when the next ones are. */
export const celebrated = (
  { birthdays, birthdaysHad, ownerOf, clock }: DomainTables,
  rules: Rules,
  facts: ReadonlyMap<string, CustomerFacts>,
  zone: CalendarZone,
): Gift[] => {
  const nowMs = clock.now.epochMilliseconds;
  const due = [...birthdays].filter(([, { nextMs }]) => nextMs <= nowMs).sort(([, a], [, b]) => a.nextMs - b.nextMs);
  return due.flatMap(([customerId, birthday]) => {
    const { startMs: atMs, year } = present(lastBirthday(birthday.birthDate, zone, nowMs), 'birthday');
    birthday.nextMs = present(nextBirthday(birthday.birthDate, zone, nowMs), 'birthday').startMs;
    if (atMs < nowMs - LATE_MS) return [];
    const had = birthdaysHad
      .filter((each) => ownerOf(each.name) === customerId && isSameBirthday(each, { year, startMs: atMs }))
      .map(({ ruleId }) => ruleId);
    const gift = {
      customerId,
      earned: earnByEvent(rules.compiled, rules.compiled.birthday, { atMs }, facts.get(customerId)),
      had: new Set(had),
      keyOf: (ruleId: string) => ['birthday', ruleId, customerId, String(year)],
      occurredAt: Temporal.Instant.fromEpochMilliseconds(atMs).toString(),
    };
    for (const ruleId of rulesOfGift(gift))
      if (!gift.had.has(ruleId)) birthdaysHad.push({ name: customerId, ruleId, year, startMs: atMs });
    return gift;
  });
};
