import type { Queryable, Sql, Tx } from '../sql.ts';

/** Takes the fence of a partition for this transaction and returns the offset that is to be handled next. */
export const lockFence = async (tx: Tx, group: string, topic: string, partition: number): Promise<bigint> => {
  const find = () => tx<{ nextOffset: number }[]>`
    select next_offset as "nextOffset" from consumer_fence
    where grp = ${group} and topic = ${topic} and partition = ${partition} for update`;
  let [row] = await find();
  if (!row) {
    await tx`insert into consumer_fence (grp, topic, partition, next_offset) values (${group}, ${topic}, ${partition}, 0)
      on conflict do nothing`;
    [row] = await find();
  }
  return BigInt(row?.nextOffset ?? 0);
};

/** Marks everything below `next` as handled. */
export const advanceFence = async (
  tx: Tx,
  group: string,
  topic: string,
  partition: number,
  next: bigint,
): Promise<void> => {
  await tx`update consumer_fence set next_offset = ${next.toString()}::bigint, updated_at = now()
    where grp = ${group} and topic = ${topic} and partition = ${partition}`;
};

export interface FenceRow {
  topic: string;
  partition: number;
  nextOffset: number;
}

export const readFences = (sql: Queryable, group: string): Promise<FenceRow[]> =>
  sql<FenceRow[]>`select topic, partition, next_offset as "nextOffset" from consumer_fence where grp = ${group}
    order by topic, partition`;

/**
 * Sets the fences of one topic to where the broker's log begins, after the topic was re-created. Safe, because effects
 * have natural keys; but whatever is read again is handled again.
 */
export const resetFence = async (sql: Sql, group: string, topic: string): Promise<number> => {
  const rows = await sql`update consumer_fence set next_offset = 0, updated_at = now()
    where grp = ${group} and topic = ${topic} returning partition`;
  return rows.length;
};
