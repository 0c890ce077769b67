import type { Tx } from '@vafa/bus';
import type { StockPart } from '../domain/rewards/stock.ts';

/** Reads the parts of a stock that is to be changed. */
export const lockStock = (tx: Tx, rewardId: string): Promise<StockPart[]> =>
  tx<StockPart[]>`select slot, remaining from reward_stock where reward_id = ${rewardId} order by slot for update`;

export const saveStock = async (tx: Tx, rewardId: string, parts: readonly StockPart[]): Promise<void> => {
  await tx`insert into reward_stock (reward_id, slot, remaining)
    select ${rewardId}::uuid, slot, remaining
    from unnest(${parts.map(({ slot }) => slot)}::smallint[], ${parts.map(({ remaining }) => remaining)}::bigint[])
      as u (slot, remaining)
    on conflict (reward_id, slot) do update set remaining = excluded.remaining`;
};

export const removeStock = async (tx: Tx, rewardId: string): Promise<void> => {
  await tx`delete from reward_stock where reward_id = ${rewardId}`;
};

/**
 * Takes one piece and returns the part it came from; null = nothing is left. Parts that others are taking from are passed
 * by; only when all of what is left is in such parts does it wait for one of them to be done.
 */
export const takePiece = async (tx: Tx, rewardId: string): Promise<number | null> => {
  const [free] = await tx<{ slot: number }[]>`
    update reward_stock set remaining = remaining - 1
    where reward_id = ${rewardId} and slot = (
      select slot from reward_stock where reward_id = ${rewardId} and remaining > 0
      order by slot limit 1 for update skip locked
    ) returning slot`;
  if (free) return free.slot;
  const [waited] = await tx<{ slot: number }[]>`
    update reward_stock set remaining = remaining - 1
    where reward_id = ${rewardId} and slot = (
      select slot from reward_stock where reward_id = ${rewardId} and remaining > 0 order by slot limit 1 for update
    ) returning slot`;
  return waited?.slot ?? null;
};

/**
 * Puts a piece back where it came from, or into the first part if it was taken while the reward was not limited; nothing
 * when the reward is not limited now.
 */
export const putBackPiece = async (tx: Tx, rewardId: string, slot: number | null): Promise<void> => {
  await tx`update reward_stock set remaining = remaining + 1 where reward_id = ${rewardId} and slot = ${slot ?? 0}`;
};
