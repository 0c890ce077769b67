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
  { event: { data }, owner }: Owned<EventOf<typeof CustomerUpdated>>,
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
  };
};

/**
 * Keeps what rules may ask of customers, and when their next birthdays are: one that has begun within a week is still given, once
 * a year however often it is told (`rule_award`). The last event of a customer counts. What is told under the name of one who was
 * merged into another counts as if it had been told before: the other keeps what is known of it (with a date of birth of each, it would
 * have two birthdays); if that is nothing, it is given this.
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
  const lastOf = (list: typeof owned): KnownCustomer[] => [
    ...new Map(list.map((each) => [each.owner, knownOf(each, zone, now.epochMilliseconds)])).values(),
  ];
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
