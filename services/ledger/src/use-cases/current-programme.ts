import type { Queryable } from '@vafa/bus';
import { createExpiry, type ExpiryOf } from '../domain/expiry.ts';
import type { ActiveProgramme } from '../domain/programme.ts';
import { findLatestVersion, findProgramme } from '../store/programmes.ts';

/** The programme in force and what was prepared from it. */
export interface Rules {
  programme: ActiveProgramme | undefined;
  expiryOf: ExpiryOf;
}

/** Reads the newest programme: one small look per transaction, the rest only when the version has changed. */
export type CurrentRules = (db: Queryable) => Promise<Rules>;

export const createCurrentRules = (): CurrentRules => {
  let known: Rules = { programme: undefined, expiryOf: createExpiry(undefined) };
  return async (db) => {
    const version = await findLatestVersion(db);
    if (version === (known.programme?.version ?? 0)) return known;
    const programme = await findProgramme(db);
    known = { programme, expiryOf: createExpiry(programme) };
    return known;
  };
};
