import type { Queryable } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { Programme } from '../domain/programme.ts';
import { findDraft } from '../store/drafts.ts';
import { findProgramme, findProgrammeVersion, type ProgrammeVersion } from '../store/programmes.ts';

/** What was decided, without who kept it when. */
export const bareProgramme = ({ version: _, actor: __, createdAt: ___, ...programme }: ProgrammeVersion): Programme =>
  programme;

/** A programme that is looked at, with where it comes from. */
export interface FoundProgramme {
  programme: Programme;
  /** Absent for a draft. */
  version?: number;
  draftId?: string;
}

/**
 * A version, a draft, or what is in force.
 * @throws AppError not_found `ledger.draft_not_found`, `ledger.no_programme`
 */
export const readProgramme = async (
  db: Queryable,
  which: { draftId?: string | undefined; version?: number | undefined },
): Promise<FoundProgramme> => {
  if (which.draftId !== undefined) {
    const draft = await findDraft(db, which.draftId);
    if (!draft) throw new AppError('not_found', 'ledger.draft_not_found', 'there is no draft of this id');
    return { programme: draft.programme, draftId: draft.id };
  }
  const found = which.version === undefined ? await findProgramme(db) : await findProgrammeVersion(db, which.version);
  if (!found)
    throw new AppError(
      'not_found',
      'ledger.no_programme',
      which.version === undefined
        ? 'there is no programme yet: PUT /v1/programme'
        : `there is no version ${which.version} of the programme`,
    );
  return { programme: bareProgramme(found), version: found.version };
};
