import { exactTimeMs } from '../domain/entry-id.ts';
import type { CompiledRule } from '../domain/rules/compile.ts';
import type { Terms } from '../domain/terms.ts';
import { PENDING } from '../domain/transfer.ts';
import { LONGEST_TRANSACTION_MS } from '../store/finance-locks.ts';
import type { DatedProgramme, LotTerms } from '../store/read-lot-terms.ts';
import { type Rules, rulesOf, termsFor } from './current-programme.ts';
import { expiryIn } from './tier-expiry.ts';

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

/** A version prepared, with its rules by id. */
interface Version extends Rules {
  sinceMs: number;
  byId: ReadonlyMap<string, CompiledRule>;
}

const prepare = (programme: DatedProgramme): Version => {
  const rules = rulesOf(programme);
  const { purchase, interactions, segments, lifecycle, birthday, grants } = rules.compiled;
  const sets = [
    purchase,
    birthday,
    ...[interactions, segments, lifecycle, grants].flatMap((each) => [...each.values()]),
  ];
  const byId = new Map(sets.flatMap(({ rules: own }) => own.map((rule) => [rule.id, rule] as const)));
  return { ...rules, sinceMs: programme.sinceMs, byId };
};

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
    // By the tier that the customer had then.
    const expiries = found.flatMap((rules) => [
      rules.expiryOf,
      ...[...rules.compiled.tiers.keys()].map((tier) => expiryIn(rules, tier)),
    ]);
    const first = expiries.map((expiryOf) => expiryOf(wonAtMs));
    const last = expiries.map((expiryOf) => expiryOf(untilMs));
    const known = (list: readonly (number | null)[]): number[] => list.filter((ms) => ms !== null);
    return { mayNever: last.includes(null), fromMs: Math.min(...known(first)), toMs: Math.max(...known(last)) };
  };

  const earned = (lot: LotTerms, wonAtMs: number): KnownTerms => {
    const rules = (lot.ruleVersion === null ? none : byNumber.get(lot.ruleVersion)) ?? none;
    const rule = (lot.ruleId === null ? null : byNumber.get(lot.ruleVersion ?? 0)?.byId.get(lot.ruleId)) ?? null;
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
    const atOnce = (expiresAtMs: number | null): Terms => ({ expiresAtMs, pendingUntilMs: null, awaits: null });
    if (lot.kind === 'earn') return earned(lot, wonAtMs);
    if (lot.kind === 'adjust') {
      const known = lot.ruleVersion === null ? undefined : byNumber.get(lot.ruleVersion);
      const corrected = known ? [known] : inForce(lot.recordedAtMs, lot.recordedAtMs);
      const expiries = corrected.map((rules) => expiryIn(rules, lot.tier));
      return { terms: expiries.map((expiryOf) => atOnce(expiryOf(wonAtMs))) };
    }
    const { givenFromMs, givenToMs, giverSlidesMs } = lot;
    // Lots that gave it may have been kept longer since.
    const keptSince = givenFromMs !== null && giverSlidesMs !== null && giverSlidesMs >= givenFromMs;
    const before = keptSince && lot.expiresAtMs !== null && lot.expiresAtMs < givenFromMs;
    return { terms: [atOnce(givenFromMs), atOnce(givenToMs), ...(before ? [atOnce(lot.expiresAtMs)] : [])] };
  };
};
