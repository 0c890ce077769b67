import type { Queryable, Tx } from '@vafa/bus';
import { isoOf } from './instants.ts';

/** Who did what, when, from what to what. Nothing about a person: rows are never altered. */
export interface Deed {
  at: string;
  actor: string;
  /** e.g. `programme.activated`. */
  action: string;
  /** `programme`, `draft/<id>` or `adjustment-request/<id>`. */
  subject: string;
  before?: unknown;
  after?: unknown;
}

export interface AuditRow extends Required<Deed> {
  id: number;
}

const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

export const insertAudit = async (tx: Tx, deeds: readonly Deed[]): Promise<void> => {
  await tx`
    insert into audit (at, actor, action, subject, before, after)
    select at::timestamptz, actor, action, subject, before::jsonb, after::jsonb
    from unnest(
      ${deeds.map(({ at }) => at)}::text[], ${deeds.map(({ actor }) => actor)}::text[],
      ${deeds.map(({ action }) => action)}::text[], ${deeds.map(({ subject }) => subject)}::text[],
      ${deeds.map(({ before }) => json(before))}::text[], ${deeds.map(({ after }) => json(after))}::text[]
    ) as u (at, actor, action, subject, before, after)`;
};

/** Newest first. */
export const listAudit = async (
  db: Queryable,
  page: { subject: string | null; beforeId: number | null; limit: number },
): Promise<AuditRow[]> => {
  const rows = await db<AuditRow[]>`
    select id, at, actor, action, subject, before, after from audit
    where (${page.subject}::text is null or subject = ${page.subject}::text)
      and (${page.beforeId}::bigint is null or id < ${page.beforeId}::bigint)
    order by id desc limit ${page.limit}`;
  return rows.map((row) => ({ ...row, at: isoOf(row.at) }));
};
