import type { Tx } from '@vafa/bus';
import { type Birthday, isSameBirthday } from '../domain/birthday.ts';
import { happenedAtMs } from '../domain/entry-id.ts';
import { findNames } from '../store/identities.ts';
import { findAwardEntries } from '../store/rule-awards.ts';
import { awardKey } from './give-awards.ts';

/** What makes a birthday's award this one for ever. */
export const birthdayKey = (ruleId: string, customerId: string, year: number): string[] => [
  ...['birthday', ruleId, customerId],
  String(year),
];

/** The years in which a birthday may have been had that is this one. */
const yearsAround = ({ year }: Birthday): number[] => [year - 1, year, year + 1];

/**
 * Rules by which customers have had a birthday before, the key of which does not say so: it was of another year before the date of
 * birth was corrected, or somebody's who was merged into them.
 */
export const findBirthdaysHad = async (
  tx: Tx,
  celebrated: readonly { customerId: string; begun: Birthday }[],
  ruleIds: readonly string[],
): Promise<(customerId: string) => ReadonlySet<string>> => {
  const namesOf = await findNames(
    tx,
    celebrated.map(({ customerId }) => customerId),
  );
  const asked = celebrated.flatMap(({ customerId, begun }) =>
    (namesOf.get(customerId) ?? []).flatMap((name) =>
      yearsAround(begun).flatMap((year) =>
        ruleIds.map((ruleId) => ({
          ...{ customerId, begun, ruleId, year },
          key: awardKey(birthdayKey(ruleId, name, year)),
        })),
      ),
    ),
  );
  const entries = await findAwardEntries(
    tx,
    asked.map(({ key }) => key),
  );
  const had = new Map<string, Set<string>>();
  for (const { customerId, begun, ruleId, year, key } of asked) {
    const entry = entries.get(key);
    if (entry === undefined || !isSameBirthday(begun, { year, startMs: happenedAtMs(entry) })) continue;
    had.set(customerId, (had.get(customerId) ?? new Set<string>()).add(ruleId));
  }
  return (customerId) => had.get(customerId) ?? new Set();
};
