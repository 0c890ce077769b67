import type { Queryable } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
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

/** What a look at a customer at an instant comes to, and by what. Nothing is written. */
export const lookAsOf = async (
  db: Queryable,
  rules: TierRules,
  customerId: string,
  nowMs: number,
): Promise<{ qualification: Qualification; state: TierState | undefined }> => {
  const kept = (await findTierStates(db, [customerId])).get(customerId);
  const from = daysNeededFrom(rules, kept, nowMs);
  const days = (await findQualifications(db, rules.measure, [{ customerId, from }])).get(customerId) ?? [];
  const qualification = { ...rules, days };
  return { qualification, state: look(qualification, kept, nowMs) };
};

/**
 * A customer's tier at an instant: what is past its time is lost, whether or not the sweep has been by.
 * @throws AppError not_found `ledger.no_tiers`
 */
export const readTier = async (
  db: Queryable,
  asked: string,
  now: Temporal.Instant,
  deps: { currentRules: CurrentRules },
): Promise<TierAt> => {
  const rules = requireTiers(await deps.currentRules(db));
  const customerId = await resolveCustomer(db, asked);
  const nowMs = now.epochMilliseconds;
  const { qualification, state } = await lookAsOf(db, rules, customerId, nowMs);
  return { customerId, rules, state, standing: standingOf(qualification, state, nowMs) };
};
