import type { Queryable, Sql, Tx } from '../sql.ts';

export interface LockedFence {
  /** Offset that is to be handled next; everything below is done. */
  next: bigint;
  /** Does any event of the topic wait? Seen after the lock was taken, so that nobody can add one any more. */
  anyWaiting: boolean;
}

/** Takes the fence of a partition for this transaction: whoever else handles the partition waits here. */
export const lockFence = async (tx: Tx, group: string, topic: string, partition: number): Promise<LockedFence> => {
  for (;;) {
    // Two statements in one round trip. Not one statement: it would look at waiting events before it waits for the lock.
    const [[fence], [waiting]] = await Promise.all([
      tx<{ nextOffset: number }[]>`select next_offset as "nextOffset" from consumer_fence
        where grp = ${group} and topic = ${topic} and partition = ${partition} for update`,
      tx<{ any: boolean }[]>`select exists (
        select from dead_letter where grp = ${group} and topic = ${topic} and status = 'waiting') as any`,
    ]);
    if (fence) return { next: BigInt(fence.nextOffset), anyWaiting: waiting?.any ?? false };
    await tx`insert into consumer_fence (grp, topic, partition, next_offset) values (${group}, ${topic}, ${partition}, 0)
      on conflict do nothing`;
  }
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
 * Sets the fences of one topic back, after the topic was re-created. Safe, because effects have natural keys; but
 * whatever the broker still has is handled again.
 */
export const resetFence = async (sql: Sql, group: string, topic: string): Promise<number> => {
  const rows = await sql`update consumer_fence set next_offset = 0, updated_at = now()
    where grp = ${group} and topic = ${topic} returning partition`;
  return rows.length;
};
