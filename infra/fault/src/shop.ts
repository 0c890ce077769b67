import { setTimeout as wait } from 'node:timers/promises';
import type { Api } from '@vafa/trial';
import { MINOR_PER_POINT, PAID_MINOR_PER_POINT } from './load/deeds.ts';

/** What rules give for tea, and how far: coffee earns by the rate alone, which is another way through the ledger. */
export const TEA = {
  /** A point for so much, up to a cap for each customer. */
  capped: { ruleId: 'tea-capped', perMinor: 20_000 },
  /** So many points an order, as long as the budget for all lasts. */
  shared: { ruleId: 'tea-shared', points: 7 },
  /** A point for so much, pending for an hour after the order: tea is sold that was bought almost an hour ago. */
  later: { ruleId: 'tea-later', perMinor: 20_000, pendingHours: 1 },
  /** A point for so much once the order is rated; most orders never are. */
  rated: { ruleId: 'tea-rated', perMinor: 20_000, interactionType: 'tea.rated' },
} as const;

/** A second of the run is worth so much: what is limited must run out on the way, whatever the run's length. */
const PER_SECOND = { capPoints: 1, budgetPoints: 25, mugs: 0.8, uses: 1 };
/** As many as the pattern allows. */
const VOUCHERS = 850;
const VOUCHER_USES = 2;
const GENERATED_LIMIT_MS = 60_000;
const LOOK_MS = 100;

export interface Reward {
  rewardId: string;
  costPoints: number;
  stock: number;
}

/** What is limited in the run's shop, and to how much: the invariants go by this, not by the house's tables. */
export interface Shop {
  /** Points that the capped rule may give to a customer. */
  capPoints: number;
  /** Points that the shared rule may give in all. */
  budgetPoints: number;
  /** Rewards by turns: one is soon sold out, the other comes with a code of its own. */
  rewards: readonly Reward[];
  /** How often a code that came with a reward may be used. */
  voucherUses: number;
  /** A code for everybody, and how often it may be used in all. */
  everybody: { code: string; uses: number };
}

const programme = ({ capPoints, budgetPoints }: Pick<Shop, 'capPoints' | 'budgetPoints'>): object => {
  const trigger = { on: 'purchase' };
  const when = { kind: 'any_line', lines: { category: ['tea'] } };
  const { capped, shared, later, rated } = TEA;
  const perAmount = (perMinor: number): object => ({ kind: 'per_amount', points: 1, perMinor, currency: 'IRR' });
  const cap = (limit: number): object => ({ limit, unit: 'points', per: 'forever' });
  return {
    name: 'Trial with rules',
    rates: [{ currency: 'IRR', points: 1, perMinor: MINOR_PER_POINT }],
    rounding: 'floor',
    expiresAfterDays: 365,
    expiringSoonDays: 30,
    reservationTtlSeconds: 900,
    returnPolicy: 'allow_negative',
    timeZone: 'Asia/Tehran',
    pointValues: [{ currency: 'IRR', minor: PAID_MINOR_PER_POINT, perPoints: 1 }],
    rules: [
      {
        ...{ id: capped.ruleId, name: 'Tea, for each so much', trigger, when, order: 1 },
        ...{ effect: perAmount(capped.perMinor), caps: { perCustomer: [cap(capPoints)], beyond: 'reduce' } },
      },
      {
        ...{ id: shared.ruleId, name: 'Tea, while it lasts', trigger, when, order: 2 },
        ...{
          effect: { kind: 'fixed', points: shared.points },
          caps: { budget: [cap(budgetPoints)], beyond: 'reduce' },
        },
      },
      {
        ...{ id: later.ruleId, name: 'Tea, an hour later', trigger, when, order: 3 },
        ...{
          effect: perAmount(later.perMinor),
          activation: { kind: 'after', amount: later.pendingHours, unit: 'hours' },
        },
      },
      {
        ...{ id: rated.ruleId, name: 'Tea, rated', trigger, when, order: 4 },
        ...{
          effect: perAmount(rated.perMinor),
          activation: { kind: 'on_event', interactionType: rated.interactionType, cancelAfterDays: 7 },
        },
      },
    ],
  };
};

const addPool = async (api: Api, name: string, pattern: string, usesPerCode: number, codes: number) => {
  const stacking = { group: null, exclusive: false, with: null, order: 0 };
  const discount = { kind: 'fixed', currency: 'IRR', minor: MINOR_PER_POINT };
  const terms = { discount, perCustomer: null, startsAt: null, endsAt: null, stacking };
  const body = { name, terms, validDays: null, pattern, usesPerCode };
  const { poolId } = await api.call<{ poolId: string }>('ledger', 'POST', '/v1/coupon-pools', body);
  const path = `/v1/coupon-pools/${poolId}`;
  await api.call('ledger', 'POST', `${path}/generate`, { codes });
  for (const begun = performance.now(); ; await wait(LOOK_MS)) {
    const { generated } = await api.call<{ generated: number }>('ledger', 'GET', path);
    if (generated === codes) return { poolId, path };
    if (performance.now() - begun > GENERATED_LIMIT_MS) throw new Error(`the codes of ${name} were not generated`);
  }
};

const addReward = async (api: Api, en: string, costPoints: number, stock: number, couponPoolId: string | null) => {
  const window = { startsAt: null, endsAt: null };
  const body = { name: { en }, costPoints, stock, perCustomer: null, couponPoolId, ...window };
  const { rewardId } = await api.call<{ rewardId: string }>('ledger', 'POST', '/v1/rewards', body);
  await api.call('ledger', 'POST', `/v1/rewards/${rewardId}/activate`);
  return { rewardId, costPoints, stock };
};

/** Adds to the trial what the fault run needs beyond it: rules, rewards and coupons. @throws what the API refuses */
export const openShop = async (api: Api, seconds: number): Promise<Shop> => {
  const caps = { capPoints: seconds * PER_SECOND.capPoints, budgetPoints: seconds * PER_SECOND.budgetPoints };
  const uses = Math.ceil(seconds * PER_SECOND.uses);
  await api.call('ledger', 'PUT', '/v1/programme', programme(caps));
  const [vouchers, everybodys] = await Promise.all([
    addPool(api, 'Vouchers', 'VAFA-####-####', VOUCHER_USES, VOUCHERS),
    addPool(api, 'For everybody', 'ALL-########', uses, 1),
  ]);
  // A file of one line, as there is one code.
  const { code } = await api.call<{ code: string }>('ledger', 'GET', `${everybodys.path}/codes?format=ndjson`);
  const rewards = [
    await addReward(api, 'A mug', 8, Math.ceil(seconds * PER_SECOND.mugs), null),
    await addReward(api, 'A voucher', 5, VOUCHERS, vouchers.poolId),
  ];
  return { ...caps, rewards, voucherUses: VOUCHER_USES, everybody: { code, uses } };
};
