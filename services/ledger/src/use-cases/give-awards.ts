import { emit, type Tx } from '@vafa/bus';
import { idFrom } from '@vafa/kernel';
import { accountOf, addAccounts, type Book, createBook } from '../domain/book.ts';
import { credit } from '../domain/credit.ts';
import { entryId } from '../domain/entry-id.ts';
import type { Counter } from '../domain/rules/caps.ts';
import type { Door, Transfer } from '../domain/transfer.ts';
import { lockOrOpenAccounts } from '../store/accounts.ts';
import { type AwardClaim, claimAwards } from '../store/rule-awards.ts';
import { lockCounters, saveCounters } from '../store/rule-counters.ts';
import { saveBook } from '../store/save-book.ts';
import { type Counted, countTowardsTiers } from './count-towards-tiers.ts';
import { type Rules, termsFor } from './current-programme.ts';
import { awardsOfGift, type ClaimedGift, countersOfGift, type Gift, rulesOfGift } from './gift.ts';
import { eventsOf } from './points-events.ts';
import { findTiersForExpiry } from './tier-expiry.ts';

const claimKey = (naturalKey: readonly string[]): string => idFrom('ledger', 'award', ...naturalKey);

/**
 * Takes awards in hand: those that were never given before, each once. Comes before accounts are locked, so that nobody who
 * holds an account waits for another's awards.
 */
export const claimGifts = async (tx: Tx, gifts: readonly Gift[]): Promise<ClaimedGift[]> => {
  if (gifts.length === 0) return [];
  const wanted = gifts.map((gift) => ({
    gift,
    keys: rulesOfGift(gift).map((ruleId) => ({ ruleId, naturalKey: gift.keyOf(ruleId) })),
  }));
  const claims = new Map<string, AwardClaim & { key: string }>();
  for (const { gift, keys } of wanted)
    for (const { naturalKey } of keys) {
      const key = claimKey(naturalKey);
      if (claims.has(key)) continue;
      const transferId = entryId(Date.parse(gift.occurredAt), 'earn', ...naturalKey);
      claims.set(key, { key, contentHash: gift.contentHash ?? null, transferId });
    }
  const fresh = await claimAwards(tx, [...claims.values()]);
  return wanted.flatMap(({ gift, keys }) => {
    // Each goes to the first gift that has it.
    const given = new Set(
      keys.flatMap(({ ruleId, naturalKey }) => (fresh.delete(claimKey(naturalKey)) ? [] : [ruleId])),
    );
    return given.size < keys.length ? [{ ...gift, given }] : [];
  });
};

/** Books claimed awards, as far as their caps leave something of them. The accounts are in the book, under lock. */
export const bookGifts = async (tx: Tx, book: Book, gifts: readonly ClaimedGift[], rules: Rules): Promise<void> => {
  const keys = gifts.flatMap((gift) => countersOfGift(gift, rules.compiled));
  const counters = keys.length === 0 ? new Map<string, Counter>() : await lockCounters(tx, keys);
  const tierOf = await findTiersForExpiry(
    tx,
    rules,
    gifts.map(({ customerId }) => customerId),
  );
  const counted: Counted[] = [];
  for (const gift of gifts) {
    const { customerId, keyOf, occurredAt, reason, actor, traceparent } = gift;
    const atMs = Date.parse(occurredAt);
    for (const { ruleId, points, explanation, rule } of awardsOfGift(gift, rules.compiled, counters)) {
      const posting = {
        kind: 'earn' as const,
        points,
        occurredAt,
        naturalKey: keyOf(ruleId),
        ruleId,
        ...(rules.programme ? { ruleVersion: rules.programme.version } : {}),
        reason: reason ?? rule?.name ?? ruleId,
        ...(explanation ? { explanation } : {}),
        ...(actor === undefined ? {} : { actor }),
        ...(traceparent === undefined ? {} : { traceparent }),
      };
      credit(book, accountOf(book, customerId), posting, termsFor(rules, rule, atMs, book.nowMs, tierOf(customerId)));
      counted.push({ customerId, atMs, amount: points });
    }
  }
  if (counters.size > 0) await saveCounters(tx, [...counters.values()]);
  if (rules.tiers?.structure.metric.kind === 'points_earned') {
    const now = Temporal.Instant.fromEpochMilliseconds(book.nowMs);
    await emit(tx, await countTowardsTiers(tx, rules.tiers, counted, now));
  }
};

export interface Given {
  /** How many gifts were not given before. */
  claimed: number;
  /** One for each award of which the caps left something. */
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
