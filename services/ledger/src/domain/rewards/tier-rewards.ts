import type { TierStructure } from '../tiers/structure.ts';
import type { Reward } from './reward.ts';

type Structure = {
  levels: readonly { id: string; benefits: Pick<TierStructure['levels'][number]['benefits'], 'rewards'> }[];
};

/**
 * A reward as the tiers leave it: one that tiers name among their benefits is for those tiers alone, and still only for
 * whom its own audience names.
 */
export const withTierBenefits = <Any extends Reward>(reward: Any, structure: Structure | undefined): Any => {
  const naming = (structure?.levels ?? []).filter(({ benefits }) => benefits.rewards.includes(reward.id));
  if (naming.length === 0) return reward;
  const { audience } = reward.definition;
  const tiers = naming.map(({ id }) => id).filter((id) => audience?.tiers?.includes(id) ?? true);
  return { ...reward, definition: { ...reward.definition, audience: { ...audience, tiers } } };
};
