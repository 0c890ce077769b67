import { entryId } from '../domain/entry-id.ts';
import type { EventFacts } from '../domain/rules/facts.ts';
import type { Trigger } from '../domain/rules/rule.ts';
import type { Change } from './operations.fixture.ts';
import type { SlowRules } from './slow-asks.fixture.ts';
import type { SlowBook } from './slow-book.fixture.ts';

/** Something that a customer did, or that became of it, as it is told. */
export interface SlowEvent {
  id: string;
  source: string;
  timeMs: number;
}

/** Points that no order brought: each award is given once for ever. */
export interface SlowGiven {
  customerId: string;
  timeMs: number;
  points: number;
}

/** A birthday so long ago is let go. */
const LATE_MS = 7 * 86_400_000;

/** What is given for interactions, segments and states that are entered, and birthdays. */
export const createSlowAwards = (
  { customer, clock, keepAlive, fulfil, give }: SlowBook,
  rules: Pick<SlowRules, 'awardsOf' | 'cappedAward' | 'changed' | 'birthdays' | 'termsOf' | 'keptAliveBy'>,
  {
    ownerOf,
    isLate,
    tierOf,
  }: {
    ownerOf: (name: string) => string;
    isLate: (name: string, timeMs: number) => boolean;
    tierOf: (customerId: string) => string | null;
  },
) => {
  const given: SlowGiven[] = [];
  const claimed = new Set<string>();

  type Award = ReturnType<typeof rules.awardsOf>[number];
  const giveOnce = (
    customerId: string,
    awards: readonly Award[],
    timeMs: number,
    keyOf: (award: Award) => string[],
  ) => {
    for (const award of awards) {
      const key = keyOf(award);
      if (claimed.has(JSON.stringify(key))) continue;
      claimed.add(JSON.stringify(key));
      customer(customerId).known = true;
      const points = rules.cappedAward(customerId, award.ruleId, award.points, timeMs);
      if (points === 0) continue;
      const id = entryId(timeMs, 'earn', ...key);
      give(customerId, 'earn', points, timeMs, { ...rules.termsOf(award.ruleId, timeMs, tierOf(customerId)), id });
      given.push({ customerId, timeMs, points });
    }
  };
  const giveFor = (customerId: string, { id, source, timeMs }: SlowEvent, awards: readonly Award[]): void =>
    giveOnce(customerId, awards, timeMs, ({ ruleId }) => ['event', ruleId, source, id]);

  return {
    given,
    /** Keeps points alive, makes spendable what awaited it, and is rewarded, in this order. */
    visit: (name: string, type: string, event: SlowEvent, attributes: EventFacts['attributes']): void => {
      const { timeMs } = event;
      if (isLate(name, timeMs)) return;
      const owner = ownerOf(name);
      const trigger: Trigger = { on: 'interaction', interactionType: type };
      const awards = rules.awardsOf(owner, trigger, { atMs: timeMs, attributes });
      if (rules.keptAliveBy().interactions.includes(type)) keepAlive(owner, timeMs);
      fulfil(owner, type, timeMs);
      giveFor(owner, event, awards);
    },
    join: (name: string, change: Change, event: SlowEvent): void => {
      const { timeMs } = event;
      if (isLate(name, timeMs)) return;
      const owner = ownerOf(name);
      rules.changed(owner, change);
      if ('lifecycle' in change)
        giveFor(
          owner,
          event,
          rules.awardsOf(owner, { on: 'lifecycle_entered', state: change.lifecycle }, { atMs: timeMs }),
        );
      else if (change.enters)
        giveFor(
          owner,
          event,
          rules.awardsOf(owner, { on: 'segment_entered', segmentId: change.segment }, { atMs: timeMs }),
        );
    },
    /** Everybody has the last birthday that has begun, once a year. */
    celebrate: (): void => {
      const begun = rules
        .birthdays(clock.nowMs)
        .filter(({ isNew, startMs }) => isNew && startMs >= clock.nowMs - LATE_MS);
      const all = begun.map((each) => ({
        ...each,
        awards: rules.awardsOf(each.customerId, { on: 'birthday' }, { atMs: each.startMs }),
      }));
      for (const { customerId, year, startMs, awards } of all)
        giveOnce(customerId, awards, startMs, ({ ruleId }) => ['birthday', ruleId, customerId, String(year)]);
    },
  };
};
