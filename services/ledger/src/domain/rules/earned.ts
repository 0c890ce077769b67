import type { Rounding } from '../programme.ts';
import type { Award } from './award.ts';
import { type Counter, type CounterKey, capAward, countersOf } from './caps.ts';
import type { CompiledRule } from './compile.ts';
import { type CapOf, type Draft, idOf, type Settled, settleDrafts } from './draft.ts';
import { roundPoints } from './exact.ts';
import type { PeriodStarts } from './local-time.ts';

/** Why an order earns nothing. capped: what rules gave was taken off by their caps. */
export type Note = 'no_programme' | 'no_rate' | 'nothing_earned' | 'capped' | 'customer_erased';

/** The entries of one way through the rules. */
export interface Run {
  drafts: Draft[];
  /** That of the rule after which no other was looked at. */
  endedBy: Draft | undefined;
}

/**
 * What depends on counters. Runs in order: each leaves out the rules that ended those before it, and counts if caps, or rounding,
 * leave nothing of those.
 */
export interface Counted {
  runs: readonly [Run, ...Run[]];
  rounding: Rounding;
}

/** What an event earns, */
export interface Earned {
  /** as far as caps that need counters are not looked at. */
  awards: Award[];
  /** Why nothing; null when there is something. */
  note: Note | null;
  /** Rules whose caps, or the caps of what they multiply, leave nothing of what they gave. */
  cappedAway: string[];
  /** Given when a rule that takes part has such caps. */
  counted?: Counted;
}

const noteOf = ({ drafts }: Run, awards: readonly Award[], cappedAway: readonly string[]): Note | null => {
  if (awards.length > 0) return null;
  if (cappedAway.length > 0) return 'capped';
  return drafts.length === 0 ? 'no_rate' : 'nothing_earned';
};

/** Settles the first run that was not ended by a rule of which nothing is left. */
export const settleRuns = (
  { runs, rounding }: Counted,
  capOf: CapOf,
): Pick<Earned, 'awards' | 'note' | 'cappedAway'> => {
  const cappedAway: string[] = [];
  let [run] = runs;
  let settled: Settled[] = settleDrafts(run.drafts, rounding, capOf);
  for (const next of runs.slice(1)) {
    const ended = run.endedBy && settled[run.endedBy.place];
    if (ended === undefined || ended.award !== undefined) break;
    if (ended.cappedAway) cappedAway.push(idOf(ended.draft));
    run = next;
    settled = settleDrafts(run.drafts, rounding, capOf);
  }
  const awards: Award[] = [];
  for (const { draft, award, cappedAway: isAway } of settled) {
    if (award !== undefined) awards.push(award);
    if (isAway) cappedAway.push(idOf(draft));
  }
  return { awards, cappedAway, note: noteOf(runs[0], awards, cappedAway) };
};

/** Rules that may give something of it, whatever counters say. */
export const rulesOf = ({ awards, counted }: Earned): Set<string> => {
  if (counted === undefined) return new Set(awards.map(({ ruleId }) => ruleId));
  const { runs, rounding } = counted;
  return new Set(
    runs.flatMap(({ drafts }) => drafts.filter(({ exact }) => roundPoints(exact, rounding) > 0).map(idOf)),
  );
};

/** Those of them whose caps need counters. */
const countingRules = ({ runs, rounding }: Counted): Set<CompiledRule> => {
  const rules = new Set<CompiledRule>();
  for (const { drafts } of runs)
    for (const { rule, exact } of drafts)
      if (rule !== null && rule.counted.length > 0 && roundPoints(exact, rounding) > 0) rules.add(rule);
  return rules;
};

const unlimited = (award: Award): Award => award;

/**
 * What runs come to.
 * @throws AppError rejected `ledger.points_out_of_range` when an entry of any of them would be more than can be counted
 */
export const earnedBy = (counted: Counted): Earned => {
  const earned: Earned = settleRuns(counted, unlimited);
  if (countingRules(counted).size === 0) return earned;
  // Counters can only make less of it: what is out of range is refused now, not in the middle of a batch.
  for (const { drafts } of counted.runs.slice(1)) settleDrafts(drafts, counted.rounding, unlimited);
  return { ...earned, counted };
};

/** Counters that it asks of this customer at this time, each once. */
export const countersFor = (counted: Counted, customerId: string, starts: PeriodStarts): CounterKey[] =>
  [...countingRules(counted)].flatMap((rule) => countersOf(rule, customerId, starts));

/** What caps leave, and what is to be counted for it. */
export interface Capped extends Pick<Earned, 'awards' | 'note' | 'cappedAway'> {
  increments: Counter[];
}

/**
 * Applies the caps that need counters. Counters that are not given stand at 0. What rules gave of it once before (`given`) is
 * neither counted nor given again.
 */
export const capEarned = (
  counted: Counted,
  customerId: string,
  starts: PeriodStarts,
  counters: ReadonlyMap<string, Counter>,
  given: ReadonlySet<string> = new Set(),
): Capped => {
  const { awards, ...rest } = settleRuns(counted, (award) =>
    given.has(award.ruleId) ? award : capAward(award, customerId, starts, counters),
  );
  const fresh = awards.filter(({ ruleId }) => !given.has(ruleId));
  const increments = fresh.flatMap(({ rule, points }) =>
    rule === null ? [] : countersOf(rule, customerId, starts).map((key) => ({ ...key, points, awards: 1 })),
  );
  return { ...rest, awards: fresh, increments };
};
