import type { Tx } from '@vafa/bus';
import type { CustomerUpdated, EventOf } from '@vafa/contracts';
import { birthdayToGive } from '../domain/birthday.ts';
import { zoneOf } from '../domain/programme.ts';
import { saveKnown } from '../store/profiles.ts';
import type { CurrentRules } from './current-programme.ts';
import { ownedEvents } from './owned-events.ts';

/**
 * Keeps what rules may ask of customers, and when their next birthdays are: one that has begun within a week is still given, once
 * a year however often it is told (`rule_award`). The last event of a customer counts; what is told of who lives on in another is
 * left out, as she would have a second birthday beside the other's.
 */
export const recordProfiles = async (
  tx: Tx,
  events: readonly EventOf<typeof CustomerUpdated>[],
  now: Temporal.Instant,
  deps: { currentRules: CurrentRules },
): Promise<void> => {
  if (events.length === 0) return;
  const owned = (await ownedEvents(tx, events)).filter(({ event, owner }) => owner === event.data.customerId);
  if (owned.length === 0) return;
  const { programme } = await deps.currentRules(tx);
  const zone = zoneOf(programme);
  const last = new Map(owned.map(({ event: { data } }) => [data.customerId, data]));
  await saveKnown(
    tx,
    [...last.values()].map(({ customerId, attributes = {}, birthDate }) => {
      const birthday = birthDate === undefined ? null : birthdayToGive(birthDate, zone, now.epochMilliseconds);
      return {
        customerId,
        attributes,
        // A date that is none is as good as unknown.
        birthDate: birthday === null ? null : (birthDate ?? null),
        nextBirthdayMs: birthday?.startMs ?? null,
      };
    }),
  );
};
