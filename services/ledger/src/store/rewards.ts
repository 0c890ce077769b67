import type { Queryable, Tx } from '@vafa/bus';
import type { Reward, RewardDefinition, RewardStatus } from '../domain/rewards/reward.ts';
import { isoOf } from './instants.ts';

/** A reward as it is kept. */
export interface KeptReward extends Reward {
  createdAt: string;
  updatedAt: string;
  /** Pieces left; null = any number. */
  stockLeft: number | null;
}

interface Row {
  id: string;
  revision: number;
  status: RewardStatus;
  definition: RewardDefinition;
  createdAt: string;
  updatedAt: string;
  stockLeft: number | null;
}

const COLUMNS = `reward.id, reward.revision, reward.status, reward.definition, reward.created_at as "createdAt",
  reward.updated_at as "updatedAt",
  (select sum(remaining)::bigint from reward_stock where reward_id = reward.id) as "stockLeft"`;

const toReward = ({ createdAt, updatedAt, ...row }: Row): KeptReward => ({
  ...row,
  createdAt: isoOf(createdAt),
  updatedAt: isoOf(updatedAt),
});

export const insertReward = async (tx: Tx, reward: Reward, nowIso: string): Promise<void> => {
  await tx`insert into reward (id, revision, status, definition, created_at, updated_at)
    values (${reward.id}, ${reward.revision}, ${reward.status}, ${JSON.stringify(reward.definition)}::text::jsonb,
      ${nowIso}::timestamptz, ${nowIso}::timestamptz)`;
};

export const saveReward = async (tx: Tx, reward: Reward, nowIso: string): Promise<void> => {
  await tx`update reward set revision = ${reward.revision}, status = ${reward.status},
    definition = ${JSON.stringify(reward.definition)}::text::jsonb, updated_at = ${nowIso}::timestamptz
    where id = ${reward.id}`;
};

export const findReward = async (db: Queryable, id: string): Promise<KeptReward | undefined> => {
  const [row] = await db<Row[]>`select ${db.unsafe(COLUMNS)} from reward where id = ${id}`;
  return row && toReward(row);
};

/** Reads a reward that is to be changed: who changes it waits for claims under way, and they for it. */
export const lockReward = async (tx: Tx, id: string): Promise<KeptReward | undefined> => {
  await tx`select pg_advisory_xact_lock(hashtextextended(${`ledger.reward:${id}`}, 0))`;
  return findReward(tx, id);
};

/** Reads a reward that is claimed: claims don't wait for each other here, and nothing is written to its row. */
export const shareReward = async (tx: Tx, id: string): Promise<KeptReward | undefined> => {
  const locked = tx`select pg_advisory_xact_lock_shared(hashtextextended(${`ledger.reward:${id}`}, 0))`;
  // Sent at once: it runs, and sees what is committed, after the lock is had.
  const [, found] = await Promise.all([locked, findReward(tx, id)]);
  return found;
};

/** In the order in which they were made. */
export const listRewards = async (
  db: Queryable,
  page: { status?: RewardStatus; afterId?: string; limit: number },
): Promise<KeptReward[]> => {
  const rows = await db<Row[]>`select ${db.unsafe(COLUMNS)} from reward
    where (${page.status ?? null}::text is null or status = ${page.status ?? null}::text)
      and (${page.afterId ?? null}::uuid is null or id > ${page.afterId ?? null}::uuid)
    order by id limit ${page.limit}`;
  return rows.map(toReward);
};
