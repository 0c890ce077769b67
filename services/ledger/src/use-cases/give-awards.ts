import { emit, type Tx } from '@vafa/bus';
import { idFrom } from '@vafa/kernel';
import { accountOf, addAccounts, type Book, createBook } from '../domain/book.ts';
import { credit } from '../domain/credit.ts';
import { entryId } from '../domain/entry-id.ts';
import { type Counter, capAward, count, countersOf } from '../domain/rules/caps.ts';
import type { Award } from '../domain/rules/evaluate.ts';
import type { Door, Transfer } from '../domain/transfer.ts';
import { lockOrOpenAccounts } from '../store/accounts.ts';
import { claimAwards } from '../store/rule-awards.ts';
import { lockCounters, saveCounters } from '../store/rule-counters.ts';
import { saveBook } from '../store/save-book.ts';
import { type Counted, countTowardsTiers } from './count-towards-tiers.ts';
import { type Rules, termsFor } from './current-programme.ts';
import { eventsOf } from './points-events.ts';
import { findTiersForExpiry } from './tier-expiry.ts';

/** An award that no order stands for, on its way to a customer. */
export interface Gift {
  /** Whose account it goes to. */
  customerId: string;
  award: Award;
  /** What makes it this one award for ever: rule and event, rule and customer and year, or grant. */
  naturalKey: readonly string[];
  occurredAt: string;
  /** Why, for people. */
  reason: string;
  contentHash?: string;
  actor?: string;
  traceparent?: string | undefined;
}

const keyOf = ({ naturalKey }: Gift): string => idFrom('ledger', 'award', ...naturalKey);

const transferIdOf = ({ naturalKey, occurredAt }: Gift): string =>
  entryId(Date.parse(occurredAt), 'earn', ...naturalKey);

/**
 * Takes awards in hand: those that were never given before, each once. Comes before accounts are locked, so that nobody who
 * holds an account waits for another's awards.
 */
export const claimGifts = async (tx: Tx, gifts: readonly Gift[]): Promise<Gift[]> => {
  if (gifts.length === 0) return [];
  const byKey = new Map<string, Gift>();
  for (const gift of gifts) if (!byKey.has(keyOf(gift))) byKey.set(keyOf(gift), gift);
  const claims = [...byKey].map(([key, gift]) => ({
    key,
    contentHash: gift.contentHash ?? null,
    transferId: transferIdOf(gift),
  }));
  const fresh = await claimAwards(tx, claims);
  return [...byKey].flatMap(([key, gift]) => (fresh.has(key) ? [gift] : []));
};

/** Counters that the gifts' caps ask, under lock. */
const loadCounters = async (tx: Tx, gifts: readonly Gift[], { compiled }: Rules): Promise<Map<string, Counter>> => {
  const keys = gifts.flatMap(({ award, customerId, occurredAt }) =>
    countersOf(award, customerId, compiled.periodStartsAt(Date.parse(occurredAt))),
  );
  return keys.length === 0 ? new Map() : lockCounters(tx, keys);
};

/** Books claimed awards, as far as their caps leave something of them. The accounts are in the book, under lock. */
export const bookGifts = async (tx: Tx, book: Book, gifts: readonly Gift[], rules: Rules): Promise<void> => {
  const counters = await loadCounters(tx, gifts, rules);
  const tierOf = await findTiersForExpiry(
    tx,
    rules,
    gifts.map(({ customerId }) => customerId),
  );
  const counted: Counted[] = [];
  for (const gift of gifts) {
    const { customerId, naturalKey, occurredAt, reason, actor, traceparent } = gift;
    const atMs = Date.parse(occurredAt);
    const starts = rules.compiled.periodStartsAt(atMs);
    const { award, increments } = capAward(gift.award, customerId, starts, counters);
    count(counters, increments);
    if (!award) continue;
    const posting = {
      kind: 'earn' as const,
      points: award.points,
      occurredAt,
      naturalKey,
      ruleId: award.ruleId,
      ...(rules.programme ? { ruleVersion: rules.programme.version } : {}),
      reason,
      ...(award.explanation ? { explanation: award.explanation } : {}),
      ...(actor === undefined ? {} : { actor }),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    credit(
      book,
      accountOf(book, customerId),
      posting,
      termsFor(rules, award.rule, atMs, book.nowMs, tierOf(customerId)),
    );
    counted.push({ customerId, atMs, amount: award.points });
  }
  if (counters.size > 0) await saveCounters(tx, [...counters.values()]);
  if (rules.tiers?.structure.metric.kind === 'points_earned') {
    const now = Temporal.Instant.fromEpochMilliseconds(book.nowMs);
    await emit(tx, await countTowardsTiers(tx, rules.tiers, counted, now));
  }
};

export interface Given {
  /** How many were not given before. */
  claimed: number;
  /** One for each of those of which the caps left something. */
  transfers: Transfer[];
}

/** Gives awards once for ever: what was given before is left out, caps are applied, the rest is booked and told. */
export const giveAwards = async (
  tx: Tx,
  gifts: readonly Gift[],
  rules: Rules,
  { door, now }: { door: Door; now: Temporal.Instant },
): Promise<Given> => {
  const fresh = await claimGifts(tx, gifts);
  if (fresh.length === 0) return { claimed: 0, transfers: [] };
  const book = createBook(door, now);
  addAccounts(book, await lockOrOpenAccounts(tx, [...new Set(fresh.map(({ customerId }) => customerId))]));
  await bookGifts(tx, book, fresh, rules);
  await saveBook(tx, book, now.toString());
  await emit(tx, eventsOf(book));
  return { claimed: fresh.length, transfers: book.transfers };
};
