import { AppError } from '@vafa/kernel';
import { type Audience, belongsTo } from '../coupons/terms.ts';
import { windowProblems } from '../window-problems.ts';

/** draft: being written, nobody sees it · active: in the catalogue · archived: no longer to be had. */
export const REWARD_STATUSES = ['draft', 'active', 'archived'] as const;
export type RewardStatus = (typeof REWARD_STATUSES)[number];

/** What points buy. */
export interface RewardDefinition {
  name: { en?: string; fa?: string };
  description?: { en?: string; fa?: string };
  costPoints: number;
  /** Pieces there are in all, claimed ones included; null = any number. */
  stock: number | null;
  /** Claims a customer may have, cancelled ones not counted; null = any number. */
  perCustomer: number | null;
  /** Who sees it; not given = everybody. */
  audience?: Audience;
  /** ISO 8601. From then on; null = at once. */
  startsAt: string | null;
  /** ISO 8601. Up to, not including; null = for ever. */
  endsAt: string | null;
  /** Pool that each claim takes a code from; null = no code. */
  couponPoolId: string | null;
  /** The shop's own fields: picture, category, how it is handed over. */
  attributes?: Record<string, string | number | boolean>;
}

export interface Reward {
  id: string;
  revision: number;
  status: RewardStatus;
  definition: RewardDefinition;
}

/** Why a reward can't be claimed. */
export const REWARD_REFUSALS = [
  'not_active',
  'not_started',
  'ended',
  'not_for_customer',
  'customer_limit',
  'out_of_stock',
  'coupon_not_usable',
  'no_coupon_left',
  'insufficient_points',
] as const;
export type RewardRefusal = (typeof REWARD_REFUSALS)[number];

/** What decides whether a customer may claim. */
export interface ClaimFacts {
  tier: string | null;
  segments: string[];
  activePoints: number;
  /** Claims of this reward by this customer that stand. */
  claims: number;
  /** Pieces left; null = any number. */
  stockLeft: number | null;
  /** Could the customer use a code of the pool? Rewards without codes: true. */
  couponUsable: boolean;
  /** Is there a code to give? Rewards without codes: true. */
  couponLeft: boolean;
}

/** Does the catalogue show the reward to the customer at all? */
export const isVisible = (
  { status, definition }: Pick<Reward, 'status' | 'definition'>,
  customer: Pick<ClaimFacts, 'tier' | 'segments'>,
  nowMs: number,
): boolean =>
  status === 'active' && inWindow(definition, nowMs) === undefined && belongsTo(definition.audience, customer);

const inWindow = ({ startsAt, endsAt }: RewardDefinition, nowMs: number): 'not_started' | 'ended' | undefined => {
  if (startsAt !== null && nowMs < Date.parse(startsAt)) return 'not_started';
  return endsAt !== null && nowMs >= Date.parse(endsAt) ? 'ended' : undefined;
};

/** Everything that keeps the customer from claiming, the lasting reasons first; empty = may claim. */
export const whyNotClaim = (
  { status, definition }: Pick<Reward, 'status' | 'definition'>,
  facts: ClaimFacts,
  nowMs: number,
): RewardRefusal[] => {
  const window = inWindow(definition, nowMs);
  const claims: [boolean, RewardRefusal][] = [
    [status !== 'active', 'not_active'],
    [window === 'not_started', 'not_started'],
    [window === 'ended', 'ended'],
    [!belongsTo(definition.audience, facts), 'not_for_customer'],
    [definition.perCustomer !== null && facts.claims >= definition.perCustomer, 'customer_limit'],
    [facts.stockLeft !== null && facts.stockLeft <= 0, 'out_of_stock'],
    [!facts.couponUsable, 'coupon_not_usable'],
    [!facts.couponLeft, 'no_coupon_left'],
    [facts.activePoints < definition.costPoints, 'insufficient_points'],
  ];
  return claims.filter(([holds]) => holds).map(([, refusal]) => refusal);
};

const SAID: Readonly<Record<RewardRefusal, string>> = {
  not_active: 'the reward is not in the catalogue',
  not_started: 'the reward is not to be had yet',
  ended: 'the reward is no longer to be had',
  not_for_customer: 'the reward is not for this customer',
  customer_limit: 'the customer has had it as often as one may',
  out_of_stock: 'nothing is left of the reward',
  coupon_not_usable: 'the customer could not use the coupon of the reward',
  no_coupon_left: 'no code is left for the reward',
  insufficient_points: 'the customer has too few points for the reward',
};

/** The refusal as callers see it; `ledger.insufficient_points` as everywhere, the others `ledger.reward_<refusal>`. */
export const claimRefused = (refusal: RewardRefusal, details: Record<string, unknown> = {}): AppError =>
  new AppError(
    'rejected',
    refusal === 'insufficient_points' ? 'ledger.insufficient_points' : `ledger.reward_${refusal}`,
    SAID[refusal],
    details,
  );

/** What the schema can't say of a reward. @throws AppError invalid `ledger.invalid_reward` */
export const checkReward = (window: Pick<RewardDefinition, 'startsAt' | 'endsAt'>): void => {
  const problems = windowProblems(window, '');
  if (problems.length > 0)
    throw new AppError('invalid', 'ledger.invalid_reward', 'the reward is not as it should be', { problems });
};
