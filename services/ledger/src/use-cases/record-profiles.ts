import type { Tx } from '@vafa/bus';
import type { CustomerUpdated, EventOf } from '@vafa/contracts';
import { birthdayToGive } from '../domain/birthday.ts';
import type { CalendarZone } from '../domain/calendar.ts';
import { zoneOf } from '../domain/programme.ts';
import { holdProfiles, type KnownCustomer, saveKnown } from '../store/profiles.ts';
import type { CurrentRules } from './current-programme.ts';
import { type Owned, ownedEvents, requireSameOwners } from './owned-events.ts';

/** What is said of a customer, who may live on under another name. */
const knownOf = (
  { event: { data, time }, owner }: Owned<EventOf<typeof CustomerUpdated>>,
  zone: CalendarZone,
  nowMs: number,
): KnownCustomer => {
  const { attributes = {}, birthDate } = data;
  const birthday = birthDate === undefined ? null : birthdayToGive(birthDate, zone, nowMs);
  return {
    customerId: owner,
    attributes,
    // A date that is none is as good as unknown.
    birthDate: birthday === null ? null : (birthDate ?? null),
    nextBirthdayMs: birthday?.startMs ?? null,
    toldMs: owner === data.customerId ? Date.parse(time) : null,
  };
};

/** Of each customer what was told last; of what was told at the same time, what came last. */
const lastOfEach = (told: readonly KnownCustomer[]): KnownCustomer[] => {
  const last = new Map<string, KnownCustomer>();
  const toldMs = (known: KnownCustomer | undefined): number => known?.toldMs ?? Number.NEGATIVE_INFINITY;
  for (const known of told) if (toldMs(last.get(known.customerId)) <= toldMs(known)) last.set(known.customerId, known);
  return [...last.values()];
};

/**
 * Keeps what rules may ask of customers, and when their next birthdays are: one that has begun within a week is still given, once
 * a year however often it is told (`rule_award`). What was told last of a customer counts, by the events' times: an event that was set
 * aside, and is tried again, replaces nothing newer. What is told under the name of one who was merged into another counts as if it
 * had been told before: the other keeps what is known of it (with a date of birth of each, it would have two birthdays); if that is
 * nothing, it is given this.
 * @throws AppError unavailable when one who lives on was merged or erased at this moment
 */
export const recordProfiles = async (
  tx: Tx,
  events: readonly EventOf<typeof CustomerUpdated>[],
  now: Temporal.Instant,
  deps: { currentRules: CurrentRules },
): Promise<void> => {
  if (events.length === 0) return;
  const owned = await ownedEvents(tx, events);
  if (owned.length === 0) return;
  const { programme } = await deps.currentRules(tx);
  const zone = zoneOf(programme);
  const lastOf = (list: typeof owned): KnownCustomer[] =>
    lastOfEach(list.map((each) => knownOf(each, zone, now.epochMilliseconds)));
  const { own = [], former = [] } = Object.groupBy(owned, ({ event, owner }) =>
    owner === event.data.customerId ? 'own' : 'former',
  );
  // Two statements: all that they write is locked before the first, in the order of ids as everywhere.
  if (former.length > 0) await holdProfiles(tx, [...new Set(owned.map(({ owner }) => owner))]);
  await saveKnown(tx, lastOf(own));
  await saveKnown(tx, lastOf(former), 'nothing');
  // Who lives on has a partition of its own, in which it may leave at this moment.
  await requireSameOwners(tx, former, new Set(former.map(({ owner }) => owner)));
};
