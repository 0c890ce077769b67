import type { Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { Definition } from '../domain/definition.ts';
import { type DefinitionInput, readDefinition } from '../domain/read-definition.ts';
import { nextStatus, type StatusChange } from '../domain/status.ts';
import { insertAudit } from '../store/audit.ts';
import { countRevision, insertDefinition, lockDefinition, updateDefinition } from '../store/definitions.ts';

/** Who changes something, and when. */
export interface Change {
  actor: string;
  now: Temporal.Instant;
}

/**
 * A new definition, which works at once unless it is to begin as paused.
 * @throws reminders.invalid_definition, reminders.already_exists
 */
export const createDefinition = async (
  tx: Tx,
  id: string,
  input: DefinitionInput & { status?: 'active' | 'paused' },
  change: Change,
): Promise<Definition> => {
  const at = change.now.toString();
  const head = { id, status: input.status ?? 'active', version: 1, createdAt: at, updatedAt: at };
  const definition: Definition = { ...readDefinition(input), ...head };
  if (!(await insertDefinition(tx, definition)))
    throw new AppError('conflict', 'reminders.already_exists', `there is a definition ${id} already`);
  await finish(tx, 'create', undefined, definition, change);
  return definition;
};

/**
 * Replaces a definition's content; each change is a new version. Timers that are set keep their hour, and ask for what
 * the definition says when they fire. `version`, when given, is the one the caller saw.
 * @throws reminders.not_found, reminders.invalid_definition, reminders.version_mismatch, reminders.wrong_status (stopped),
 * reminders.kind_fixed (another kind or category)
 */
export const replaceDefinition = async (
  tx: Tx,
  id: string,
  input: DefinitionInput & { version?: number },
  change: Change,
): Promise<Definition> => {
  const before = await getForChange(tx, id);
  if (input.version !== undefined && input.version !== before.version)
    throw new AppError('conflict', 'reminders.version_mismatch', `the definition is at version ${before.version} now`);
  if (before.status === 'stopped')
    throw new AppError('conflict', 'reminders.wrong_status', 'a stopped definition is not changed any more');
  const content = readDefinition(input);
  if (content.kind !== before.kind || categoryOf(content) !== categoryOf(before))
    throw new AppError('conflict', 'reminders.kind_fixed', 'kind and category of a definition stay; write another one');
  const { status, createdAt, version } = before;
  const after: Definition = {
    ...content,
    id,
    status,
    createdAt,
    version: version + 1,
    updatedAt: change.now.toString(),
  };
  await updateDefinition(tx, after);
  await finish(tx, 'replace', before, after, change);
  return after;
};

/**
 * Pauses, resumes or stops.
 * @throws reminders.not_found, reminders.wrong_status
 */
export const changeStatus = async (tx: Tx, id: string, what: StatusChange, change: Change): Promise<Definition> => {
  const before = await getForChange(tx, id);
  const after: Definition = { ...before, status: nextStatus(before.status, what), updatedAt: change.now.toString() };
  await updateDefinition(tx, after);
  await finish(tx, what, before, after, change);
  return after;
};

const categoryOf = (content: { kind: string; category?: string }): string | undefined => content.category;

const getForChange = async (tx: Tx, id: string): Promise<Definition> => {
  const definition = await lockDefinition(tx, id);
  if (!definition) throw new AppError('not_found', 'reminders.not_found', `there is no definition ${id}`);
  return definition;
};

const finish = async (
  tx: Tx,
  action: string,
  before: Definition | undefined,
  after: Definition,
  { actor, now }: Change,
): Promise<void> => {
  await insertAudit(tx, { definitionId: after.id, at: now, actor, action, before, after });
  await countRevision(tx);
};
