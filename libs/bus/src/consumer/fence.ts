import { plainArray } from '../array-literal.ts';
import type { Queryable, Sql, Tx } from '../sql.ts';

export interface LockedFences {
  /** By partition: the offset that is to be handled next; everything below is done. */
  next: ReadonlyMap<number, bigint>;
  /** Does any event of the topic wait? Seen after the locks were taken, so that nobody can add one any more. */
  anyWaiting: boolean;
}

/** As `lockFences`, but writes nothing: undefined when some of the fences are not there yet. */
export const lockFencesIfThere = async (
  tx: Tx,
  group: string,
  topic: string,
  partitions: readonly number[],
): Promise<LockedFences | undefined> => {
  // Two statements in one round trip. Not one statement: it would look at waiting events before it waits for the locks.
  const [fences, [waiting]] = await Promise.all([
    tx<{ partition: number; nextOffset: number }[]>`select partition, next_offset as "nextOffset" from consumer_fence
      where grp = ${group} and topic = ${topic} and partition = any(${plainArray(partitions)}::integer[])
      order by partition for update`,
    tx<{ any: boolean }[]>`select exists (
      select from dead_letter where grp = ${group} and topic = ${topic} and status = 'waiting') as any`,
  ]);
  if (fences.length < partitions.length) return undefined;
  const next = new Map(fences.map(({ partition, nextOffset }) => [partition, BigInt(nextOffset)]));
  return { next, anyWaiting: waiting?.any ?? false };
};

/**
 * Takes the fences of partitions for this transaction, in the order of their numbers: whoever else handles one of them waits
 * here.
 */
export const lockFences = async (
  tx: Tx,
  group: string,
  topic: string,
  partitions: readonly number[],
): Promise<LockedFences> => {
  for (;;) {
    const locked = await lockFencesIfThere(tx, group, topic, partitions);
    if (locked) return locked;
    await tx`insert into consumer_fence (grp, topic, partition, next_offset)
      select ${group}, ${topic}, partition, 0 from unnest(${plainArray(partitions)}::integer[]) as partition
      order by partition on conflict do nothing`;
  }
};

/** Marks everything below an offset as handled, by partition. Their fences are locked. */
export const advanceFences = async (
  tx: Tx,
  group: string,
  topic: string,
  next: ReadonlyMap<number, bigint>,
): Promise<void> => {
  await tx`update consumer_fence f set next_offset = u.next, updated_at = now()
    from unnest(${plainArray([...next.keys()])}::integer[], ${plainArray([...next.values()].map(String))}::bigint[]) as u(partition, next)
    where f.grp = ${group} and f.topic = ${topic} and f.partition = u.partition`;
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
