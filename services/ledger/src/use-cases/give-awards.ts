import { emit, type Tx } from '@vafa/bus';
import { idFrom } from '@vafa/kernel';
import { accountOf, addAccounts, type Book, createBook, type Posting } from '../domain/book.ts';
import { creditAwaiting } from '../domain/credit-awaiting.ts';
import { entryId } from '../domain/entry-id.ts';
import type { Award } from '../domain/rules/award.ts';
import type { Counter } from '../domain/rules/caps.ts';
import type { Terms } from '../domain/terms.ts';
import type { Door, Transfer } from '../domain/transfer.ts';
import { lockOrOpenAccounts } from '../store/accounts.ts';
import { type AwardClaim, claimAwards } from '../store/rule-awards.ts';
import { lockCounters, saveCounters } from '../store/rule-counters.ts';
import { saveBook } from '../store/save-book.ts';
import { type Counted, countTowardsTiers } from './count-towards-tiers.ts';
import { type Rules, termsFor } from './current-programme.ts';
import { findFulfilled, type WonPoints } from './find-fulfilled.ts';
import { awardsOfGift, type ClaimedGift, countersOfGift, type Gift, rulesOfGift } from './gift.ts';
import { loadRipeOfOwing } from './open-account.ts';
import { eventsOf } from './points-events.ts';
import { settleBeforeGiving } from './tier-expiry.ts';

export const awardKey = (naturalKey: readonly string[]): string => idFrom('ledger', 'award', ...naturalKey);

const NONE: ReadonlySet<string> = new Set();

/**
 * Takes awards in hand: those that were never given before, each once. Comes before accounts are locked, so that nobody who
 * holds an account waits for another's awards.
 */
export const claimGifts = async (tx: Tx, gifts: readonly Gift[]): Promise<ClaimedGift[]> => {
  if (gifts.length === 0) return [];
  const wanted = gifts.map((gift) => ({
    gift,
    keys: rulesOfGift(gift)
      .filter((ruleId) => !gift.had?.has(ruleId))
      .map((ruleId) => ({ ruleId, naturalKey: gift.keyOf(ruleId) })),
  }));
  const claims = new Map<string, AwardClaim & { key: string }>();
  for (const { gift, keys } of wanted)
    for (const { naturalKey } of keys) {
      const key = awardKey(naturalKey);
      if (claims.has(key)) continue;
      const transferId = entryId(Date.parse(gift.occurredAt), 'earn', ...naturalKey);
      claims.set(key, { key, contentHash: gift.contentHash ?? null, transferId });
    }
  const fresh = await claimAwards(tx, [...claims.values()]);
  return wanted.flatMap(({ gift, keys }) => {
    // Each goes to the first gift that has it.
    const given = new Set(
      keys.flatMap(({ ruleId, naturalKey }) => (fresh.delete(awardKey(naturalKey)) ? [] : [ruleId])),
    );
    return given.size < keys.length ? [{ ...gift, given: given.union(gift.had ?? NONE) }] : [];
  });
};

interface WonAward extends WonPoints {
  gift: ClaimedGift;
  award: Award;
  terms: Terms;
}

/** What the caps leave of claimed gifts, which they count. */
const capGifts = async (tx: Tx, gifts: readonly ClaimedGift[], rules: Rules) => {
  const keys = gifts.flatMap((gift) => countersOfGift(gift, rules.compiled));
  const counters = keys.length === 0 ? new Map<string, Counter>() : await lockCounters(tx, keys);
  const left = gifts.flatMap((gift) =>
    awardsOfGift(gift, rules.compiled, counters).map((award) => ({ gift, award, customerId: gift.customerId })),
  );
  if (counters.size > 0) await saveCounters(tx, [...counters.values()]);
  return left;
};

const postingOf = ({ gift, award }: WonAward, rules: Rules): Posting => {
  const { keyOf, occurredAt, reason, actor, traceparent } = gift;
  const { ruleId, points, explanation, rule } = award;
  return {
    ...{ kind: 'earn', points, occurredAt, naturalKey: keyOf(ruleId), ruleId },
    ...(rules.programme ? { ruleVersion: rules.programme.version } : {}),
    reason: reason ?? rule?.name ?? ruleId,
    ...(explanation ? { explanation } : {}),
    ...(actor === undefined ? {} : { actor }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
};

/**
 * Books claimed awards, as far as their caps leave something of them. The accounts are in the book, under lock. Returns what counts
 * towards tiers, for `saveGifts`.
 */
export const bookGifts = async (
  tx: Tx,
  book: Book,
  gifts: readonly ClaimedGift[],
  rules: Rules,
): Promise<Counted[]> => {
  const left = await capGifts(tx, gifts, rules);
  const receivers = left.map(({ customerId }) => customerId);
  const now = Temporal.Instant.fromEpochMilliseconds(book.nowMs);
  const tierOf = await settleBeforeGiving(tx, rules, receivers, now);
  const won = left.map((each): WonAward => {
    const wonAtMs = Date.parse(each.gift.occurredAt);
    const terms = termsFor(rules, each.award.rule, wonAtMs, book.nowMs, tierOf(each.customerId));
    return { ...each, wonAtMs, orderId: null, ruleId: each.award.ruleId, terms };
  });
  const fulfilled = await findFulfilled(tx, rules, won, now);
  for (const each of won)
    creditAwaiting(book, accountOf(book, each.customerId), postingOf(each, rules), each.terms, fulfilled.get(each));
  return won.map(({ award, customerId, wonAtMs }) => ({ customerId, atMs: wonAtMs, amount: award.points }));
};

/** Writes a book with gifts, tells of it, and then counts them: their lots are issued in the tier that they were given in. */
export const saveGifts = async (
  tx: Tx,
  book: Book,
  counted: readonly Counted[],
  { tiers }: Rules,
  now: Temporal.Instant,
): Promise<void> => {
  await saveBook(tx, book, now.toString());
  const raised =
    tiers?.structure.metric.kind === 'points_earned' ? await countTowardsTiers(tx, tiers, counted, now) : [];
  await emit(tx, [...eventsOf(book), ...raised]);
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
  const accounts = await lockOrOpenAccounts(tx, [...new Set(fresh.map(({ customerId }) => customerId))]);
  addAccounts(book, accounts);
  await loadRipeOfOwing(tx, book, accounts);
  await saveGifts(tx, book, await bookGifts(tx, book, fresh, rules), rules, now);
  return { claimed: fresh.length, transfers: book.transfers };
};
