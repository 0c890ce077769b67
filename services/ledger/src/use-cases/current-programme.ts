import type { Queryable } from '@vafa/bus';
import { type ActivationOf, createActivationOf } from '../domain/activation.ts';
import { createExpiry, doSlide, type KeptAliveBy, keptAliveBy } from '../domain/expiry.ts';
import type { ExpiryOf } from '../domain/expiry-policy.ts';
import { type ActiveProgramme, zoneOf } from '../domain/programme.ts';
import { type CompiledRule, type CompiledRules, compileRules } from '../domain/rules/compile.ts';
import { byItsOwn, byProgramme, createTermsOf, type ExpiringOf, type Terms, type TermsOf } from '../domain/terms.ts';
import { findLatestVersion, findProgramme, hasSlidBefore } from '../store/programmes.ts';
import { createTierRules, type TierRules } from './tier-rules.ts';

/** The programme in force and what was prepared from it. */
export interface Rules {
  programme: ActiveProgramme | undefined;
  expiryOf: ExpiryOf;
  activationOf: ActivationOf;
  /** What the lot of a credit is told that was won at an instant and is booked at another. */
  termsOf: TermsOf;
  /** How points are earned. */
  compiled: CompiledRules;
  /** What keeps points alive, where they slide. */
  keptAliveBy: KeptAliveBy;
  /** Points slide. */
  slides: boolean;
  /** They don't, but they did before: activity may keep accounts still. */
  keptBefore: boolean;
  /** Of a programme with tiers. */
  tiers: TierRules | undefined;
  awaited: Awaited;
}

/** What points of a programme await. */
export interface Awaited {
  /** Of interactions. */
  types: ReadonlySet<string>;
  /** Longest that any of them is awaited; 0 = none is. */
  mostDays: number;
}

const awaitedOf = (programme: ActiveProgramme | undefined): Awaited => {
  const all = [programme?.activation, ...(programme?.rules ?? []).map(({ activation }) => activation)];
  const awaiting = all.filter((each) => each?.kind === 'on_event');
  return {
    types: new Set(awaiting.map(({ interactionType }) => interactionType)),
    mostDays: Math.max(0, ...awaiting.map(({ cancelAfterDays }) => cancelAfterDays)),
  };
};

/** What a programme comes to; `slidBefore` tells whether points of any earlier version slid. */
export const rulesOf = (programme: ActiveProgramme | undefined, slidBefore = false): Rules => {
  const slides = doSlide(programme);
  const expiryOf = createExpiry(programme);
  const activationOf = createActivationOf(programme?.activation ?? { kind: 'immediate' }, zoneOf(programme));
  return {
    programme,
    expiryOf,
    activationOf,
    termsOf: createTermsOf(activationOf, byProgramme(expiryOf, slides)),
    compiled: compileRules(programme),
    keptAliveBy: keptAliveBy(programme),
    slides,
    keptBefore: slidBefore && !slides,
    tiers: createTierRules(programme),
    awaited: awaitedOf(programme),
  };
};

/** A rule goes before the customer's tier. */
const ownExpiryOf = ({ compiled }: Rules, rule: CompiledRule | null, tier: string | null): ExpiryOf | null =>
  rule?.expiryOf ?? (tier === null ? null : (compiled.tiers.get(tier)?.expiryOf ?? null));

/**
 * When points expire that a rule (null = none, or the rate) gives to a customer of a tier: by the rule, else by the tier, else by
 * the programme.
 */
export const expiringBy = (rules: Rules, rule: CompiledRule | null, tier: string | null): ExpiringOf => {
  const own = ownExpiryOf(rules, rule, tier);
  return own === null ? byProgramme(rules.expiryOf, rules.slides) : byItsOwn(own);
};

/**
 * The terms of what a rule gives: the programme's, as far as neither the rule nor the customer's tier have their own. null =
 * the rate.
 */
export const termsFor = (
  rules: Rules,
  rule: CompiledRule | null,
  wonAtMs: number,
  nowMs: number,
  tier: string | null = null,
): Terms => {
  const activationOf = rule?.activationOf ?? null;
  if (ownExpiryOf(rules, rule, tier) === null && activationOf === null) return rules.termsOf(wonAtMs, nowMs);
  return createTermsOf(activationOf ?? rules.activationOf, expiringBy(rules, rule, tier))(wonAtMs, nowMs);
};

/**
 * Reads the newest programme: one small look per transaction, the rest only when the version has changed. Whoever has read
 * the newest `version` along with other things gives it.
 */
export type CurrentRules = (db: Queryable, version?: number) => Promise<Rules>;

export const createCurrentRules = (): CurrentRules => {
  let known = rulesOf(undefined);
  return async (db, read) => {
    const version = read ?? (await findLatestVersion(db));
    if (version === (known.programme?.version ?? 0)) return known;
    const programme = await findProgramme(db);
    known = rulesOf(programme, programme && (await hasSlidBefore(db, programme.version)));
    return known;
  };
};
