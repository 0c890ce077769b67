import { exactTimeMs } from '../domain/entry-id.ts';
import { atOnce, type Expiring, type Terms } from '../domain/terms.ts';
import { PENDING } from '../domain/transfer.ts';
import { LONGEST_TRANSACTION_MS } from '../store/finance-locks.ts';
import type { DatedProgramme, LotTerms } from '../store/read-lot-terms.ts';
import { type Rules, rulesOf, termsFor } from './current-programme.ts';
import { expiringIn } from './tier-expiry.ts';

/** What a credit may have been booked with. */
export interface KnownTerms {
  /** Those that the book tells; of several one is right. */
  terms: Terms[];
  /**
   * Where points awaited an interaction and no longer do: bounds of when they may expire. The exact time is that of the entry that
   * made them spendable, which no index finds by its lot.
   */
  activated?: { mayNever: boolean; fromMs: number; toMs: number };
}

/** What awaited something in vain is found by a sweep, so late at most; before that an interaction told late still counts. */
const SWEPT_WITHIN_MS = 7 * 86_400_000;

interface Version extends Rules {
  sinceMs: number;
}

const prepare = (programme: DatedProgramme): Version => ({ ...rulesOf(programme), sinceMs: programme.sinceMs });

/**
 * Tells the terms of credits from what the book keeps of them: the version that priced an earning, its rule, the customer's tier
 * and the time; for a correction the versions in force then; for a gift the lots that gave it.
 */
export const createKnownTerms = (programmes: readonly DatedProgramme[]): ((lot: LotTerms) => KnownTerms) => {
  const versions = programmes.map(prepare);
  const byNumber = new Map(versions.map((each) => [each.programme?.version ?? 0, each]));
  const none = rulesOf(undefined);

  /** Versions that may have been the newest one for a transaction that recorded between two instants. */
  const inForce = (fromMs: number, toMs: number): Rules[] =>
    [{ ...none, sinceMs: Number.NEGATIVE_INFINITY }, ...versions].filter(({ sinceMs }, i) => {
      const endsMs = versions[i]?.sinceMs ?? Number.POSITIVE_INFINITY;
      return sinceMs <= toMs + LONGEST_TRANSACTION_MS && endsMs >= fromMs - LONGEST_TRANSACTION_MS;
    });

  /** Until when points may expire that an interaction made spendable before an instant, by whatever version was in force then. */
  const activatedBetween = (wonAtMs: number, lot: LotTerms, untilMs: number): KnownTerms['activated'] => {
    const found = inForce(lot.recordedAtMs, Math.max(lot.recordedAtMs, untilMs) + SWEPT_WITHIN_MS);
    // By the rule as it was then, or the tier that the customer had.
    const ways = found.flatMap((rules) =>
      [null, ...rules.compiled.tiers.keys()].map((tier) => expiringIn(rules, tier, lot.ruleId)),
    );
    const ends = ways.map((expiringOf) => ({ first: expiringOf(wonAtMs), last: expiringOf(untilMs) }));
    const own = ends.filter(({ last }) => lot.slides || last.sliding !== 'always');
    const known = (list: readonly Expiring[]): number[] =>
      list.flatMap(({ expiresAtMs }) => (expiresAtMs === null ? [] : [expiresAtMs]));
    return {
      mayNever: own.some(({ last }) => last.expiresAtMs === null),
      fromMs: Math.min(...known(own.map(({ first }) => first))),
      toMs: Math.max(...known(own.map(({ last }) => last))),
    };
  };

  const earned = (lot: LotTerms, wonAtMs: number): KnownTerms => {
    const rules = (lot.ruleVersion === null ? none : byNumber.get(lot.ruleVersion)) ?? none;
    const rule = (lot.ruleId === null ? null : rules.compiled.byId.get(lot.ruleId)) ?? null;
    // The account says whether points were pending; nothing else depends on when they were booked.
    const nowMs = lot.account === PENDING ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const termsOf = (tier: string | null): Terms => termsFor(rules, rule, wonAtMs, nowMs, tier);
    const own = termsOf(lot.tier);
    // What counts towards tiers may have raised the customer between pricing and writing.
    const others = [null, ...rules.compiled.tiers.keys()].map(termsOf);
    const { awaits, pendingUntilMs } = own;
    return {
      terms: [own, ...others],
      ...(awaits !== null && pendingUntilMs !== null && lot.pending === 0
        ? { activated: activatedBetween(wonAtMs, lot, pendingUntilMs) }
        : {}),
    };
  };

  return (lot) => {
    const wonAtMs = exactTimeMs(lot.id, lot.occurredAtMs);
    if (lot.kind === 'earn') return earned(lot, wonAtMs);
    if (lot.kind === 'adjust') {
      const known = lot.ruleVersion === null ? undefined : byNumber.get(lot.ruleVersion);
      const corrected = known ? [known] : inForce(lot.recordedAtMs, lot.recordedAtMs);
      return { terms: corrected.map((rules) => atOnce(expiringIn(rules, lot.tier)(wonAtMs))) };
    }
    const { givenFromMs, givenToMs, giverSlidesMs, slides } = lot;
    // Lots that gave it may have been kept longer since.
    const keptSince = givenFromMs !== null && giverSlidesMs !== null && giverSlidesMs >= givenFromMs;
    const before = slides && keptSince && lot.expiresAtMs !== null && lot.expiresAtMs < givenFromMs;
    const sliding = slides ? 'always' : 'never';
    const ends = [givenFromMs, givenToMs, ...(before ? [lot.expiresAtMs] : [])];
    return { terms: ends.map((expiresAtMs) => atOnce({ expiresAtMs, sliding })) };
  };
};
