import type { Queryable, Tx } from '@vafa/bus';

/** One change of a definition: who, what, before, after. */
export interface AuditRow {
  id: number;
  at: string;
  actor: string;
  action: string;
  before: unknown;
  after: unknown;
}

export const insertAudit = async (
  tx: Tx,
  row: { definitionId: string; at: Temporal.Instant; actor: string; action: string; before: unknown; after: unknown },
): Promise<void> => {
  const before = row.before === undefined ? null : JSON.stringify(row.before);
  await tx`insert into audit (definition_id, at, actor, action, before, after)
    values (${row.definitionId}, ${row.at.toString()}::timestamptz, ${row.actor}, ${row.action}, ${before}::text::jsonb,
      ${JSON.stringify(row.after)}::text::jsonb)`;
};

/** Newest first. */
export const listAudit = async (sql: Queryable, definitionId: string, limit: number): Promise<AuditRow[]> => {
  const rows = await sql<AuditRow[]>`select id, at, actor, action, before, after from audit
    where definition_id = ${definitionId} order by id desc limit ${limit}`;
  return rows.map((row) => ({ ...row, at: Temporal.Instant.from(row.at).toString() }));
};
