import type { Queryable, Tx } from '@vafa/bus';
import type { Programme } from '../domain/programme.ts';
import { isoOf } from './instants.ts';

export interface Draft {
  id: string;
  programme: Programme;
  /** Version that it was begun from; 0 = there was none. */
  basedOn: number;
  revision: number;
  status: 'open' | 'activated';
  activatedVersion: number | null;
  actor: string;
  createdAt: string;
  changedBy: string;
  changedAt: string;
}

const COLUMNS = `id, definition as programme, based_on as "basedOn", revision, status, activated_version as "activatedVersion",
  actor, created_at as "createdAt", changed_by as "changedBy", changed_at as "changedAt"`;

const toDraft = (row: Draft): Draft => ({
  ...row,
  createdAt: isoOf(row.createdAt),
  changedAt: isoOf(row.changedAt),
});

export const insertDraft = async (
  tx: Tx,
  draft: { id: string; programme: Programme; basedOn: number; actor: string; at: string },
): Promise<void> => {
  await tx`insert into programme_draft (id, definition, based_on, actor, created_at, changed_by, changed_at)
    values (${draft.id}, ${JSON.stringify(draft.programme)}::text::jsonb, ${draft.basedOn}, ${draft.actor},
      ${draft.at}::timestamptz, ${draft.actor}, ${draft.at}::timestamptz)`;
};

export const findDraft = async (db: Queryable, id: string): Promise<Draft | undefined> => {
  const [row] = await db<Draft[]>`select ${db.unsafe(COLUMNS)} from programme_draft where id = ${id}`;
  return row && toDraft(row);
};

export const lockDraft = async (tx: Tx, id: string): Promise<Draft | undefined> => {
  const [row] = await tx<Draft[]>`select ${tx.unsafe(COLUMNS)} from programme_draft where id = ${id} for update`;
  return row && toDraft(row);
};

/** Newest first; ids begin with the time. */
export const listDrafts = async (
  db: Queryable,
  page: { status: Draft['status'] | null; beforeId: string | null; limit: number },
): Promise<Draft[]> => {
  const rows = await db<Draft[]>`
    select ${db.unsafe(COLUMNS)} from programme_draft
    where (${page.status}::text is null or status = ${page.status}::text)
      and (${page.beforeId}::uuid is null or id < ${page.beforeId}::uuid)
    order by id desc limit ${page.limit}`;
  return rows.map(toDraft);
};

/** Whoever else counts them waits until the end of the transaction, so that what may be begun is not begun by two. */
export const countOpenDrafts = async (tx: Tx): Promise<number> => {
  await tx`select pg_advisory_xact_lock(hashtextextended('ledger.open_drafts', 0))`;
  const [row] = await tx<{ count: number }[]>`select count(*) from programme_draft where status = 'open'`;
  return row?.count ?? 0;
};

/** Writes a draft's content anew; the caller has it locked. */
export const updateDraft = async (
  tx: Tx,
  id: string,
  change: { programme: Programme; basedOn: number; actor: string; at: string },
): Promise<void> => {
  await tx`update programme_draft set definition = ${JSON.stringify(change.programme)}::text::jsonb,
      based_on = ${change.basedOn}, revision = revision + 1, changed_by = ${change.actor},
      changed_at = ${change.at}::timestamptz
    where id = ${id}`;
};

export const markActivated = async (
  tx: Tx,
  id: string,
  change: { version: number; actor: string; at: string },
): Promise<void> => {
  await tx`update programme_draft set status = 'activated', activated_version = ${change.version},
      changed_by = ${change.actor}, changed_at = ${change.at}::timestamptz
    where id = ${id}`;
};

export const deleteDraft = async (tx: Tx, id: string): Promise<void> => {
  await tx`delete from programme_draft where id = ${id}`;
};
