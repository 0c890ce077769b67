import type { Tx } from '@vafa/bus';
import { AppError, newId } from '@vafa/kernel';
import { checkReward, type Reward, type RewardDefinition, type RewardStatus } from '../domain/rewards/reward.ts';
import { restock } from '../domain/rewards/stock.ts';
import { insertAudit } from '../store/audit.ts';
import { findPool } from '../store/coupon-pools.ts';
import { countTaken } from '../store/reward-claims.ts';
import { lockStock, removeStock, saveStock } from '../store/reward-stock.ts';
import { findReward, insertReward, type KeptReward, lockReward, saveReward } from '../store/rewards.ts';
import type { Call } from './call.ts';

export const rewardNotFound = (): AppError =>
  new AppError('not_found', 'ledger.reward_not_found', 'there is no reward of this id');

const subjectOf = (id: string): string => `reward/${id}`;

const requirePool = async (tx: Tx, { couponPoolId }: RewardDefinition): Promise<void> => {
  if (couponPoolId === null || (await findPool(tx, couponPoolId))) return;
  throw new AppError('invalid', 'ledger.invalid_reward', 'the reward names a coupon pool that is not there', {
    problems: [{ path: '/couponPoolId', message: 'is no coupon pool' }],
  });
};

/** Makes what is left follow the definition: claims that stand keep what they took. */
const followStock = async (tx: Tx, id: string, before: number | null, stock: number | null, taken: number) => {
  if (stock === before) return;
  const parts = await lockStock(tx, id);
  if (stock === null) await removeStock(tx, id);
  // One that was not limited so far counts what was claimed of it.
  else await saveStock(tx, id, restock(parts, before ?? taken, stock));
};

const written = async (tx: Tx, id: string): Promise<KeptReward> => {
  const found = await findReward(tx, id);
  if (!found) throw rewardNotFound();
  return found;
};

/**
 * Adds a reward as a draft.
 * @throws AppError invalid `ledger.invalid_reward`
 */
export const createReward = async (tx: Tx, definition: RewardDefinition, call: Call): Promise<KeptReward> => {
  checkReward(definition);
  await requirePool(tx, definition);
  const reward: Reward = { id: newId(), revision: 1, status: 'draft', definition };
  const at = call.now.toString();
  await insertReward(tx, reward, at);
  await followStock(tx, reward.id, null, definition.stock, 0);
  const after = { status: reward.status, ...definition };
  await insertAudit(tx, [{ at, actor: call.actor, action: 'reward.created', subject: subjectOf(reward.id), after }]);
  return written(tx, reward.id);
};

const change = async (
  tx: Tx,
  found: KeptReward,
  to: Pick<Reward, 'status' | 'definition'>,
  action: string,
  call: Call,
): Promise<KeptReward> => {
  const at = call.now.toString();
  await saveReward(tx, { id: found.id, revision: found.revision + 1, ...to }, at);
  const before = { status: found.status, ...found.definition };
  const after = { status: to.status, ...to.definition };
  await insertAudit(tx, [{ at, actor: call.actor, action, subject: subjectOf(found.id), before, after }]);
  return written(tx, found.id);
};

/**
 * Changes a reward; claims made keep their price.
 * @throws AppError not_found `ledger.reward_not_found`, invalid `ledger.invalid_reward`, conflict `ledger.stock_below_taken`
 */
export const editReward = async (tx: Tx, id: string, definition: RewardDefinition, call: Call): Promise<KeptReward> => {
  checkReward(definition);
  await requirePool(tx, definition);
  const found = await lockReward(tx, id);
  if (!found) throw rewardNotFound();
  await followStock(tx, id, found.definition.stock, definition.stock, await countTaken(tx, id));
  return change(tx, found, { status: found.status, definition }, 'reward.edited', call);
};

/**
 * Puts a reward into the catalogue, or takes it out of it.
 * @throws AppError not_found `ledger.reward_not_found`
 */
export const setRewardStatus = async (
  tx: Tx,
  id: string,
  status: Exclude<RewardStatus, 'draft'>,
  call: Call,
): Promise<KeptReward> => {
  const found = await lockReward(tx, id);
  if (!found) throw rewardNotFound();
  if (found.status === status) return found;
  const action = status === 'active' ? 'reward.activated' : 'reward.archived';
  return change(tx, found, { status, definition: found.definition }, action, call);
};
