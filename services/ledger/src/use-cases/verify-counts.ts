import type { Tx } from '@vafa/bus';
import { dayAt, inCalendar, lastDateOf, startOfDateMs } from '../domain/calendar.ts';
import { type Programme, zoneOf } from '../domain/programme.ts';
import { PERIOD_DAYS } from '../domain/rules/caps.ts';
import { createLocalTime, type LocalTime } from '../domain/rules/local-time.ts';
import type { CapPeriod } from '../domain/rules/rule.ts';
import { daysNeededByAll } from '../domain/tiers/look.ts';
import type { TierWindow } from '../domain/tiers/structure.ts';
import { isoDate } from '../domain/tiers/window.ts';
import { type DatedProgramme, readAllProgrammes } from '../store/read-lot-terms.ts';
import { findTierRecount } from '../store/tier-recounts.ts';
import { findOldestLook } from '../store/tier-states.ts';
import {
  type CountedDays,
  findMiscounted,
  findMisqualified,
  findOverrated,
  findUnderrated,
} from '../store/verify-counts.ts';
import type { Found } from '../store/verify-rules.ts';
import { createTierRules, type TierRules } from './tier-rules.ts';
import type { LeftOut, Progress, Violation } from './violation.ts';

interface Period {
  per: CapPeriod;
  startsOn: string;
}

/** Caps that need counters, of each version. */
const capsOf = ({ rules = [] }: Programme) =>
  rules.flatMap(({ id, caps }) => [
    ...(caps?.perCustomer ?? []).map(({ per }) => ({ ruleId: id, everybody: false, per })),
    ...(caps?.budget ?? []).map(({ per }) => ({ ruleId: id, everybody: true, per })),
  ]);

const nameOf = (...parts: readonly unknown[]): string => JSON.stringify(parts);

/** The last day of a period by a version's calendar; undefined = none begins there. */
const lastOf = (programme: Programme, time: LocalTime, { per, startsOn }: Period): Temporal.PlainDate | undefined => {
  if (per === 'forever') return undefined;
  const { calendar, timeZone } = zoneOf(programme);
  const date = inCalendar(calendar, startsOn);
  return time.periodStartsAt(startOfDateMs(timeZone, date))[per] === startsOn
    ? lastDateOf(calendar, date, per)
    : undefined;
};

/**
 * The periods whose counters are surely still there, by the calendars and zones of all versions: those that run, those that begin
 * next, and those that never end. Dates of two zones are two days apart at most, and by the zone of now a counter is kept until the
 * day after its period's longest end is over: none that runs anywhere is forgotten.
 */
const keptPeriods = (programmes: readonly { programme: Programme; time: LocalTime }[], nowMs: number): Period[] => {
  const periods = new Map<string, Period>();
  for (const { programme, time } of programmes) {
    const today = dayAt(zoneOf(programme), nowMs).date;
    for (const { per } of capsOf(programme)) {
      const add = (startsOn: string) => periods.set(nameOf(per, startsOn), { per, startsOn });
      const startsOn = time.periodStartsAt(nowMs)[per];
      add(startsOn);
      if (per === 'forever') continue;
      const last = lastDateOf(zoneOf(programme).calendar, today, per);
      add(isoDate(last.add({ days: 1 })));
    }
  }
  return [...periods.values()];
};

/** By version, rule and period, which days' entries are in which counter. */
const countedDaysOf = (versions: readonly DatedProgramme[], nowMs: number): CountedDays[] => {
  const programmes = versions.map((programme) => ({ programme, time: createLocalTime(zoneOf(programme)) }));
  const kept = keptPeriods(programmes, nowMs);
  const found = new Map<string, CountedDays>();
  for (const { programme, time } of programmes)
    for (const cap of capsOf(programme))
      for (const period of kept.filter(({ per }) => per === cap.per)) {
        const last = lastOf(programme, time, period);
        if (last === undefined && period.per !== 'forever') continue;
        const { timeZone } = zoneOf(programme);
        const endsBefore = last ? isoDate(last.add({ days: 1 })) : null;
        const { version } = programme;
        found.set(nameOf(version, cap, period), { ...cap, ...period, version, timeZone, endsBefore });
      }
  return [...found.values()];
};

/** Days that any window of this kind, or the next days of one that a shop's clock was ahead of, can't be longer than. */
const mostDays = (window: TierWindow): number =>
  window.kind === 'calendar' ? PERIOD_DAYS[window.period] : (window.months + 1) * PERIOD_DAYS.month;

/** Another zone may put an order on the day before or after. */
const ZONE_DAYS = 2;

/**
 * What each level has asked for at least in any version, in how many days at most; undefined where versions had other levels, in
 * another order or by another measure: who fell from a level that is no more to one that was not there may never have reached it.
 */
const leastAsked = (all: readonly TierRules[]) => {
  const [first] = all;
  if (!first) return undefined;
  const idsOf = ({ measure, structure }: TierRules) =>
    nameOf(
      measure,
      structure.levels.map(({ id }) => id),
    );
  if (all.some((rules) => idsOf(rules) !== idsOf(first))) return undefined;
  return {
    levels: first.structure.levels.map(({ id }, place) => ({
      tier: id,
      threshold: Math.min(...all.map(({ structure }) => structure.levels[place]?.threshold ?? 0)),
    })),
    days: Math.max(...all.map(({ structure }) => mostDays(structure.window))) + ZONE_DAYS,
  };
};

/** Was everybody counted by the tiers of now, and by no others since? Until then sums may be those of other tiers. */
const isCounted = async (tx: Tx, versions: readonly DatedProgramme[], { fingerprint }: TierRules): Promise<boolean> => {
  const recount = await findTierRecount(tx);
  return (
    recount?.done === true &&
    recount.fingerprint === fingerprint &&
    versions
      .filter(({ version }) => version > recount.programmeVersion)
      .every((programme) => createTierRules(programme)?.fingerprint === fingerprint)
  );
};

/**
 * Compares what is counted beside the book with the orders and entries that it counts: caps' counters, what qualifies for tiers,
 * and the tiers themselves as far as that tells. What a job may have forgotten by `now` is left out: counters of periods that are
 * over, and days that no look at a tier needs any more. While everybody is counted anew for other tiers, sums are not compared.
 */
export const verifyCounts = async (
  tx: Tx,
  limit: number,
  now: Temporal.Instant,
  onProgress: Progress,
  onLeftOut: LeftOut,
): Promise<Violation[]> => {
  const versions = await readAllProgrammes(tx);
  const nowMs = now.epochMilliseconds;
  const violations: Violation[] = [];
  const tell = (rule: string, done: number, found: readonly Found[]): void => {
    violations.push(...found.map(({ subject, detail }) => ({ rule, subject, detail })));
    onProgress({ step: rule, done, of: 4 });
  };
  tell('counter_is_entries', 1, await findMiscounted(tx, limit, countedDaysOf(versions, nowMs)));
  const everyTiers = versions.map(createTierRules);
  const asked = leastAsked(everyTiers.filter((rules) => rules !== undefined));
  const known = everyTiers.findLast((rules) => rules !== undefined);
  const whatOf = ({ structure, measure, zone }: TierRules) => ({
    ...{ metric: structure.metric, measure, timeZone: zone.timeZone },
  });
  if (known && asked)
    tell('tier_was_reached', 2, await findOverrated(tx, limit, whatOf(known), asked.levels, asked.days));
  const tiers = everyTiers.at(-1);
  if (!tiers) return violations;
  if (!(await isCounted(tx, versions, tiers))) {
    onLeftOut('what counts towards tiers: everybody is being counted anew, as the tiers were changed');
    return violations;
  }
  const firstDay = daysNeededByAll(tiers, Math.min(nowMs, (await findOldestLook(tx)) ?? nowMs));
  tell('qualification_is_orders', 3, await findMisqualified(tx, limit, whatOf(tiers), firstDay));
  const levels = tiers.structure.levels.map(({ id, threshold }) => ({ tier: id, threshold }));
  tell('tier_is_earned', 4, await findUnderrated(tx, limit, whatOf(tiers), levels, tiers.windowAt(nowMs)));
  return violations;
};
