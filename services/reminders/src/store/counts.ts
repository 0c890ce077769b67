import type { Queryable, Tx } from '@vafa/bus';

/** One thing counted; `reason` is empty where there is none. */
export interface CountStep {
  definitionId: string;
  outcome: string;
  reason: string;
  by: number;
}

export interface CountRow {
  outcome: string;
  reason: string;
  count: number;
}

const keyOf = ({ definitionId, outcome, reason }: CountStep): string =>
  `${definitionId}\u0000${outcome}\u0000${reason}`;

/**
 * Adds to the counts, one statement for all, in one order everywhere so that two transactions can't block each other.
 * `shard` keeps partitions apart: they would queue for the same rows.
 */
export const addCounts = async (tx: Tx, steps: readonly CountStep[], shard: number): Promise<void> => {
  const sums = new Map<string, CountStep>();
  for (const step of steps) {
    const sum = sums.get(keyOf(step));
    if (sum) sum.by += step.by;
    else sums.set(keyOf(step), { ...step });
  }
  const rows = [...sums.values()].filter(({ by }) => by !== 0);
  if (rows.length === 0) return;
  await tx`insert into reminder_count (definition_id, outcome, reason, shard, count)
    select definition_id, outcome, reason, ${shard}::int, by from unnest(
      ${rows.map(({ definitionId }) => definitionId)}::text[], ${rows.map(({ outcome }) => outcome)}::text[],
      ${rows.map(({ reason }) => reason)}::text[], ${rows.map(({ by }) => by)}::bigint[]) as step (definition_id, outcome, reason, by)
    order by definition_id, outcome, reason
    on conflict (definition_id, outcome, reason, shard) do update set count = reminder_count.count + excluded.count`;
};

export const readCounts = (sql: Queryable, definitionId: string): Promise<CountRow[]> =>
  sql<CountRow[]>`select outcome, reason, sum(count)::bigint as count from reminder_count
    where definition_id = ${definitionId} group by outcome, reason order by outcome, reason`;
