import { type Queryable, readKeepingPlans, type Sql } from '@vafa/bus';
import { AppError, assert } from '@vafa/kernel';
import { daysNeededFrom, look, type Qualification } from '../domain/tiers/look.ts';
import { type Standing, standingOf } from '../domain/tiers/standing.ts';
import type { TierState } from '../domain/tiers/state.ts';
import { resolveCustomer } from '../store/accounts.ts';
import { findQualifications } from '../store/qualifications.ts';
import { findTierStates } from '../store/tier-states.ts';
import type { CurrentRules, Rules } from './current-programme.ts';
import type { TierRules } from './tier-rules.ts';

export interface TierAt {
  /** The customer asked for, or the one it was merged into. */
  customerId: string;
  rules: TierRules;
  state: TierState | undefined;
  standing: Standing;
}

/** @throws AppError not_found `ledger.no_tiers` */
export const requireTiers = ({ tiers }: Rules): TierRules => {
  if (!tiers) throw new AppError('not_found', 'ledger.no_tiers', 'the programme has no tiers');
  return tiers;
};

/** What a look at a customer at an instant comes to, and by what. */
export interface Looked {
  qualification: Qualification;
  state: TierState | undefined;
}

/** What looks at these customers at an instant come to. Nothing is written. */
export const looksAsOf = async (
  db: Queryable,
  rules: TierRules,
  customerIds: readonly string[],
  nowMs: number,
): Promise<Map<string, Looked>> => {
  const kept = await findTierStates(db, customerIds);
  const wanted = customerIds.map((customerId) => ({
    customerId,
    from: daysNeededFrom(rules, kept.get(customerId), nowMs),
  }));
  const days = await findQualifications(db, rules.measure, wanted);
  return new Map(
    customerIds.map((customerId) => {
      const qualification = { ...rules, days: days.get(customerId) ?? [] };
      return [customerId, { qualification, state: look(qualification, kept.get(customerId), nowMs) }];
    }),
  );
};

/** What a look at one customer at an instant comes to. */
export const lookAsOf = async (db: Queryable, rules: TierRules, customerId: string, nowMs: number): Promise<Looked> => {
  const looked = (await looksAsOf(db, rules, [customerId], nowMs)).get(customerId);
  assert(looked, 'each customer is looked at');
  return looked;
};

/**
 * A customer's tier at an instant: what is past its time is lost, whether or not the sweep has been by. Plans are kept.
 * @throws AppError not_found `ledger.no_tiers`
 */
export const readTier = (
  sql: Sql,
  asked: string,
  now: Temporal.Instant,
  deps: { currentRules: CurrentRules },
): Promise<TierAt> =>
  readKeepingPlans(sql, async (tx) => {
    const rules = requireTiers(await deps.currentRules(tx));
    const customerId = await resolveCustomer(tx, asked);
    const nowMs = now.epochMilliseconds;
    const { qualification, state } = await lookAsOf(tx, rules, customerId, nowMs);
    return { customerId, rules, state, standing: standingOf(qualification, state, nowMs) };
  });
