import { entryId } from '../domain/entry-id.ts';
import type { EventFacts } from '../domain/rules/facts.ts';
import type { Trigger } from '../domain/rules/rule.ts';
import type { Change } from './operations.fixture.ts';
import type { SlowRules } from './slow-asks.fixture.ts';
import type { SlowBook } from './slow-book.fixture.ts';
import type { SlowWay } from './slow-rules.fixture.ts';

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
/** Within half a year of one that was had, a birthday is the same one. */
const HALF_YEAR_MS = 183 * 86_400_000;

/** What is given for interactions, segments and states that are entered, and birthdays. */
export const createSlowAwards = (
  { customer, clock, keepAlive, visit, give }: SlowBook,
  rules: Pick<SlowRules, 'waysOf' | 'possible' | 'taken' | 'changed' | 'birthdays' | 'termsOf' | 'keptAliveBy'>,
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
  const birthdaysHad: { name: string; ruleId: string; year: number; startMs: number }[] = [];

  const giveOnce = (
    customerId: string,
    ways: readonly SlowWay[],
    timeMs: number,
    keyOf: (ruleId: string) => string[],
    isHad: (ruleId: string) => boolean = () => false,
  ): void => {
    const wanted = rules.possible(ways);
    const before = wanted.filter((ruleId) => isHad(ruleId) || claimed.has(JSON.stringify(keyOf(ruleId))));
    for (const ruleId of wanted) if (!isHad(ruleId)) claimed.add(JSON.stringify(keyOf(ruleId)));
    if (wanted.every((ruleId) => before.includes(ruleId))) return;
    customer(customerId).known = true;
    for (const { ruleId, points } of rules.taken(customerId, ways, timeMs, before)) {
      const id = entryId(timeMs, 'earn', ...keyOf(ruleId));
      give(customerId, 'earn', points, timeMs, { ...rules.termsOf(ruleId, timeMs, tierOf(customerId)), ruleId, id });
      given.push({ customerId, timeMs, points });
    }
  };
  const giveFor = (customerId: string, { id, source, timeMs }: SlowEvent, ways: readonly SlowWay[]): void =>
    giveOnce(customerId, ways, timeMs, (ruleId) => ['event', ruleId, source, id]);

  return {
    given,
    /** Keeps points alive, makes spendable what awaited it, and is rewarded, in this order. */
    visit: (name: string, type: string, event: SlowEvent, attributes: EventFacts['attributes']): void => {
      const { timeMs } = event;
      if (isLate(name, timeMs)) return;
      const owner = ownerOf(name);
      const trigger: Trigger = { on: 'interaction', interactionType: type };
      const ways = rules.waysOf(owner, trigger, { atMs: timeMs, attributes });
      if (rules.keptAliveBy().interactions.includes(type)) keepAlive(owner, timeMs);
      const { orderId } = attributes ?? {};
      visit({
        ...{ customerId: owner, type, doneMs: timeMs },
        orderId: typeof orderId === 'string' && orderId !== '' ? orderId : undefined,
      });
      giveFor(owner, event, ways);
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
          rules.waysOf(owner, { on: 'lifecycle_entered', state: change.lifecycle }, { atMs: timeMs }),
        );
      else if (change.enters)
        giveFor(
          owner,
          event,
          rules.waysOf(owner, { on: 'segment_entered', segmentId: change.segment }, { atMs: timeMs }),
        );
    },
    /** Everybody has the last birthday that has begun, once a year and half a year apart, whatever name they had then. */
    celebrate: (): void => {
      const begun = rules
        .birthdays(clock.nowMs)
        .filter(({ isNew, startMs }) => isNew && startMs >= clock.nowMs - LATE_MS);
      const all = begun.map((each) => ({
        ...each,
        ways: rules.waysOf(each.customerId, { on: 'birthday' }, { atMs: each.startMs }),
      }));
      for (const { customerId, year, startMs, ways } of all) {
        const had = birthdaysHad.filter(
          (each) =>
            ownerOf(each.name) === customerId &&
            (each.year === year || Math.abs(each.startMs - startMs) < HALF_YEAR_MS),
        );
        const isHad = (ruleId: string): boolean => had.some((each) => each.ruleId === ruleId);
        giveOnce(customerId, ways, startMs, (ruleId) => ['birthday', ruleId, customerId, String(year)], isHad);
        for (const ruleId of rules.possible(ways))
          if (!isHad(ruleId)) birthdaysHad.push({ name: customerId, ruleId, year, startMs });
      }
    },
  };
};
