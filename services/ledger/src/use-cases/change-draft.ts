import type { Queryable, Tx } from '@vafa/bus';
import { AppError, newId } from '@vafa/kernel';
import { checkProgramme } from '../domain/check-programme.ts';
import type { Programme } from '../domain/programme.ts';
import { insertAudit } from '../store/audit.ts';
import {
  countOpenDrafts,
  type Draft,
  deleteDraft,
  findDraft,
  insertDraft,
  lockDraft,
  markActivated,
  updateDraft,
} from '../store/drafts.ts';
import {
  addProgrammeVersion,
  findLatestVersion,
  findProgrammeVersion,
  lockProgramme,
  type ProgrammeVersion,
} from '../store/programmes.ts';
import type { Call } from './call.ts';
import { keepCalendar } from './keep-calendar.ts';
import { bareProgramme } from './read-programme.ts';

const MAX_OPEN_DRAFTS = 50;

const noDraft = (): AppError => new AppError('not_found', 'ledger.draft_not_found', 'there is no draft of this id');

const draftChanged = (draft: Draft): AppError =>
  new AppError('conflict', 'ledger.draft_changed', `the draft is at revision ${draft.revision} now`, {
    revision: draft.revision,
  });

/** @throws AppError not_found `ledger.draft_not_found` */
export const getDraft = async (db: Queryable, id: string): Promise<Draft> => {
  const draft = await findDraft(db, id);
  if (!draft) throw noDraft();
  return draft;
};

/** @throws AppError not_found `ledger.draft_not_found`, conflict `ledger.draft_activated`, `ledger.draft_changed` */
const lockOpenDraft = async (tx: Tx, id: string, revision: number | undefined): Promise<Draft> => {
  const draft = await lockDraft(tx, id);
  if (!draft) throw noDraft();
  if (draft.status !== 'open')
    throw new AppError('conflict', 'ledger.draft_activated', `the draft became version ${draft.activatedVersion}`, {
      version: draft.activatedVersion,
    });
  if (revision !== undefined && revision !== draft.revision) throw draftChanged(draft);
  return draft;
};

/**
 * Begins a draft: with a programme, or as a copy of a version (of the newest, where none is named).
 * @throws AppError invalid `ledger.invalid_programme`, not_found `ledger.no_programme`, conflict `ledger.too_many_drafts`
 */
export const beginDraft = async (
  tx: Tx,
  content: { programme?: Programme; basedOn?: number },
  call: Call,
): Promise<Draft> => {
  const basedOn = content.basedOn ?? (await findLatestVersion(tx));
  const base = basedOn === 0 ? undefined : await findProgrammeVersion(tx, basedOn);
  if (basedOn !== 0 && !base)
    throw new AppError('not_found', 'ledger.no_programme', `there is no version ${basedOn} of the programme`);
  const programme = content.programme ?? (base && bareProgramme(base));
  if (!programme)
    throw new AppError('not_found', 'ledger.no_programme', 'there is no programme to copy: send one with the draft');
  checkProgramme(programme, '/programme');
  if ((await countOpenDrafts(tx)) >= MAX_OPEN_DRAFTS)
    throw new AppError('conflict', 'ledger.too_many_drafts', `${MAX_OPEN_DRAFTS} drafts are open: remove some`);
  const id = newId();
  const at = call.now.toString();
  await insertDraft(tx, { id, programme, basedOn, actor: call.actor, at });
  const after = { basedOn, programme };
  await insertAudit(tx, [{ at, actor: call.actor, action: 'draft.begun', subject: `draft/${id}`, after }]);
  return getDraft(tx, id);
};

/**
 * Replaces what a draft says. `revision`, where given, is the one the caller saw; `basedOn` says with which version it was
 * compared anew.
 * @throws AppError invalid `ledger.invalid_programme`, not_found `ledger.draft_not_found`, conflict `ledger.draft_activated`,
 * `ledger.draft_changed`
 */
export const replaceDraft = async (
  tx: Tx,
  id: string,
  content: { programme: Programme; basedOn?: number; revision?: number },
  call: Call,
): Promise<Draft> => {
  checkProgramme(content.programme, '/programme');
  const before = await lockOpenDraft(tx, id, content.revision);
  const basedOn = content.basedOn ?? before.basedOn;
  if (basedOn > (await findLatestVersion(tx)))
    throw new AppError('not_found', 'ledger.no_programme', `there is no version ${basedOn} of the programme`);
  const at = call.now.toString();
  await updateDraft(tx, id, { programme: content.programme, basedOn, actor: call.actor, at });
  await insertAudit(tx, [
    {
      at,
      actor: call.actor,
      action: 'draft.changed',
      subject: `draft/${id}`,
      before: { basedOn: before.basedOn, programme: before.programme },
      after: { basedOn, programme: content.programme },
    },
  ]);
  return getDraft(tx, id);
};

/** @throws AppError not_found `ledger.draft_not_found`, conflict `ledger.draft_activated` */
export const removeDraft = async (tx: Tx, id: string, call: Call): Promise<{ removed: string }> => {
  const before = await lockOpenDraft(tx, id, undefined);
  await deleteDraft(tx, id);
  await insertAudit(tx, [
    {
      at: call.now.toString(),
      actor: call.actor,
      action: 'draft.removed',
      subject: `draft/${id}`,
      before: { basedOn: before.basedOn, programme: before.programme },
    },
  ]);
  return { removed: id };
};

export interface Activated {
  version: number;
  draftId: string;
  /** The version that was in force before; 0 = none. */
  replacedVersion: number;
}

/**
 * Makes a draft the programme in force, as a new version. Refused when another version came into force since the draft was
 * begun, unless `force` says that this is known; of two who activate one draft at once, one does.
 * @throws AppError invalid `ledger.invalid_programme`, not_found `ledger.draft_not_found`, conflict `ledger.draft_activated`,
 * `ledger.draft_changed`, `ledger.programme_moved` (tells `activeVersion`), `ledger.calendar_is_closed`
 */
export const activateDraft = async (
  tx: Tx,
  id: string,
  options: { force?: boolean; revision?: number },
  call: Call,
): Promise<Activated> => {
  const draft = await lockOpenDraft(tx, id, options.revision);
  await lockProgramme(tx);
  const active = await findLatestVersion(tx);
  if (active !== draft.basedOn && !options.force)
    throw new AppError(
      'conflict',
      'ledger.programme_moved',
      `the draft was begun from version ${draft.basedOn}, version ${active} is in force now: compare them, then activate with force`,
      { basedOn: draft.basedOn, activeVersion: active },
    );
  // What was kept may have been written when less was asked of a programme.
  checkProgramme(draft.programme, '/programme');
  await keepCalendar(tx, draft.programme, '/programme');
  const at = call.now.toString();
  const { version } = await putInForce(tx, draft.programme, call, { draftId: id, replacedVersion: active });
  await markActivated(tx, id, { version, actor: call.actor, at });
  return { version, draftId: id, replacedVersion: active };
};

/**
 * Makes a programme the one in force at once, without a draft.
 * @throws AppError invalid `ledger.invalid_programme`, conflict `ledger.calendar_is_closed`
 */
export const replaceProgramme = async (tx: Tx, programme: Programme, call: Call): Promise<ProgrammeVersion> => {
  checkProgramme(programme);
  await lockProgramme(tx);
  await keepCalendar(tx, programme);
  return putInForce(tx, programme, call, { replacedVersion: await findLatestVersion(tx) });
};

/** Makes a programme the next version and writes down who did so; `lockProgramme` is held. */
const putInForce = async (
  tx: Tx,
  programme: Programme,
  call: Call,
  how: { draftId?: string; replacedVersion: number },
): Promise<ProgrammeVersion> => {
  const at = call.now.toString();
  const made = await addProgrammeVersion(tx, programme, call.actor, at);
  await insertAudit(tx, [
    {
      at,
      actor: call.actor,
      action: 'programme.activated',
      subject: 'programme',
      before: { version: how.replacedVersion },
      after: { version: made.version, ...(how.draftId === undefined ? {} : { draftId: how.draftId }) },
    },
  ]);
  return made;
};
