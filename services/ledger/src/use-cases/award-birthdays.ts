import type { Tx } from '@vafa/bus';
import { type Birthday, lastBirthday, MAX_LATE_MS, nextBirthday } from '../domain/birthday.ts';
import { zoneOf } from '../domain/programme.ts';
import { earnByEvent } from '../domain/rules/evaluate.ts';
import { claimBirthdays, type DueBirthday, saveNextBirthdays } from '../store/profiles.ts';
import { birthdayKey, findBirthdaysHad } from './birthdays-had.ts';
import type { CurrentRules, Rules } from './current-programme.ts';
import type { Gift } from './gift.ts';
import { giveAwards } from './give-awards.ts';
import { resolveCustomers } from './resolve-customers.ts';
import { findSettledFacts } from './settle-tiers.ts';

/**
 * Birthdays that have begun and are not too late, with whose they are. Where the zone, or the calendar, of the programme has moved one
 * since it was noted, it is the last one by now that counts: one that is a year ago is too late.
 */
const begunOf = async (
  tx: Tx,
  due: readonly DueBirthday[],
  nowMs: number,
  rules: Rules,
): Promise<{ customerId: string; begun: Birthday }[]> => {
  const zone = zoneOf(rules.programme);
  const ownerOf = await resolveCustomers(
    tx,
    due.map(({ customerId }) => customerId),
  );
  return due.flatMap(({ customerId, birthDate }) => {
    const begun = lastBirthday(birthDate, zone, nowMs);
    if (begun === null || begun.startMs < nowMs - MAX_LATE_MS) return [];
    return { customerId: ownerOf(customerId), begun };
  });
};

/** What a birthday that has begun earns; natural key: rule, customer and year. */
const giftsOf = async (tx: Tx, due: readonly DueBirthday[], nowMs: number, rules: Rules): Promise<Gift[]> => {
  const { birthday } = rules.compiled;
  if (birthday.rules.length === 0) return [];
  const celebrated = await begunOf(tx, due, nowMs, rules);
  const asked = birthday.asksCustomer ? [...new Set(celebrated.map(({ customerId }) => customerId))] : [];
  const facts = await findSettledFacts(tx, rules, asked, Temporal.Instant.fromEpochMilliseconds(nowMs));
  const ruleIds = birthday.rules.map(({ id }) => id);
  const hadOf = await findBirthdaysHad(tx, celebrated, ruleIds);
  return celebrated.map(({ customerId, begun }) => ({
    customerId,
    earned: earnByEvent(rules.compiled, birthday, { atMs: begun.startMs }, facts.get(customerId)),
    keyOf: (ruleId: string) => birthdayKey(ruleId, customerId, begun.year),
    had: hadOf(customerId),
    occurredAt: Temporal.Instant.fromEpochMilliseconds(begun.startMs).toString(),
  }));
};

/**
 * Gives one portion of the customers whose birthday has begun what it earns, and notes their next one. Returns how many
 * customers; 0 = nobody's birthday is due.
 */
export const awardBirthdays = async (
  tx: Tx,
  now: Temporal.Instant,
  maxCustomers: number,
  deps: { currentRules: CurrentRules },
): Promise<number> => {
  const due = await claimBirthdays(tx, now.toString(), maxCustomers);
  if (due.length === 0) return 0;
  const rules = await deps.currentRules(tx);
  const nowMs = now.epochMilliseconds;
  const gifts = await giftsOf(tx, due, nowMs, rules);
  const zone = zoneOf(rules.programme);
  await saveNextBirthdays(
    tx,
    due.map(({ customerId, birthDate }) => ({
      customerId,
      nextBirthdayMs: nextBirthday(birthDate, zone, nowMs)?.startMs ?? null,
    })),
  );
  await giveAwards(tx, gifts, rules, { door: 'clock', now });
  return due.length;
};
