import type { Queryable } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { Definition } from '../domain/definition.ts';
import { readCounts } from '../store/counts.ts';
import { findDefinition } from '../store/definitions.ts';

export interface ReminderCounts {
  created: number;
  /** Timers still to come. */
  waiting: number;
  fired: number;
  cancelled: Record<string, number>;
  /** `past`: could not fire any more when it was told of, so no timer was set. */
  expired: Record<string, number>;
}

/** Occasions that were over before a timer was set; they were never among the created. */
const NEVER_SET = 'past';

/** @throws reminders.not_found */
export const getDefinition = async (sql: Queryable, id: string): Promise<Definition> => {
  const definition = await findDefinition(sql, id);
  if (!definition) throw new AppError('not_found', 'reminders.not_found', `there is no definition ${id}`);
  return definition;
};

/** The maintained counts of a definition, or of the single reminders. */
export const countsOf = async (sql: Queryable, definitionId: string): Promise<ReminderCounts> => {
  const rows = await readCounts(sql, definitionId);
  const byReason = (outcome: string): Record<string, number> =>
    Object.fromEntries(rows.filter((row) => row.outcome === outcome).map(({ reason, count }) => [reason, count]));
  const sum = (counts: Record<string, number>): number =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  const cancelled = byReason('cancelled');
  const expired = byReason('expired');
  const created = sum(byReason('created'));
  const fired = sum(byReason('fired'));
  const waiting = created - fired - sum(cancelled) - (sum(expired) - (expired[NEVER_SET] ?? 0));
  return { created, waiting, fired, cancelled, expired };
};
