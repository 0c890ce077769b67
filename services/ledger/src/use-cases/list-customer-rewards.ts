import { readKeepingPlans, type Sql, type Tx } from '@vafa/bus';
import { isVisible, type RewardRefusal, whyNotClaim } from '../domain/rewards/reward.ts';
import { withTierBenefits } from '../domain/rewards/tier-rewards.ts';
import { findOfferedPools } from '../store/offered-pools.ts';
import { readBalance } from '../store/read-balance.ts';
import { countClaims } from '../store/reward-claims.ts';
import { type KeptReward, listRewards } from '../store/rewards.ts';
import { couponFactsOf, couponOfferOf } from './coupon-offer.ts';
import type { CurrentRules } from './current-programme.ts';
import { findCustomerFacts } from './customer-facts.ts';

/** A reward as one customer sees it. */
export interface OfferedReward {
  reward: KeptReward;
  claims: number;
  /** Everything that keeps the customer from claiming it; empty = may. */
  whyNot: RewardRefusal[];
  /** Points that the customer lacks. */
  pointsMissing: number;
}

/** Which page of the catalogue, and for whom. */
interface OffersAsked {
  customerId: string;
  /** The page goes on after this reward. */
  afterId?: string;
  limit: number;
}

interface OfferPage {
  offered: OfferedReward[];
  nextAfterId: string | undefined;
  activePoints: number;
}

const readOffers = async (
  tx: Tx,
  asked: OffersAsked,
  now: Temporal.Instant,
  deps: { currentRules: CurrentRules },
): Promise<OfferPage> => {
  const page = {
    status: 'active' as const,
    limit: asked.limit + 1,
    ...(asked.afterId ? { afterId: asked.afterId } : {}),
  };
  const [{ customerId, account }, found, { programme, tiers }] = await Promise.all([
    readBalance(tx, asked.customerId, now),
    listRewards(tx, page),
    deps.currentRules(tx),
  ]);
  const facts = await findCustomerFacts(tx, customerId, tiers, now.epochMilliseconds);
  const onPage = found.slice(0, asked.limit);
  const visible = onPage
    .map((reward) => withTierBenefits(reward, programme?.tiers))
    .filter((reward) => isVisible(reward, facts, now.epochMilliseconds));
  const poolIds = visible.flatMap(({ definition }) => definition.couponPoolId ?? []);
  const [claims, pools] = await Promise.all([
    countClaims(
      tx,
      customerId,
      visible.map(({ id }) => id),
    ),
    findOfferedPools(tx, customerId, [...new Set(poolIds)], now.epochMilliseconds),
  ]);
  const offered = visible.map((reward) => {
    const { couponPoolId, costPoints } = reward.definition;
    const pool = couponPoolId === null ? undefined : pools.get(couponPoolId);
    const offer = pool && couponOfferOf(pool, facts, now, programme?.timeZone);
    const own = claims.get(reward.id) ?? 0;
    const claimFacts = {
      ...facts,
      activePoints: account.active,
      claims: own,
      stockLeft: reward.stockLeft,
      ...couponFactsOf(reward.definition, offer),
    };
    return {
      reward,
      claims: own,
      whyNot: whyNotClaim(reward, claimFacts, now.epochMilliseconds),
      pointsMissing: Math.max(0, costPoints - account.active),
    };
  });
  const nextAfterId = found.length > asked.limit ? onPage.at(-1)?.id : undefined;
  return { offered, nextAfterId, activePoints: account.active };
};

/**
 * What the catalogue shows a customer, in the order in which rewards were made, and what keeps the customer from claiming
 * each. Rewards that are for other tiers or segments are left out.
 */
export const listCustomerRewards = (
  sql: Sql,
  asked: OffersAsked,
  now: Temporal.Instant,
  deps: { currentRules: CurrentRules },
): Promise<OfferPage> => readKeepingPlans(sql, (tx) => readOffers(tx, asked, now, deps));
