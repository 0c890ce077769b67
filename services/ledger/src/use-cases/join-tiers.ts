import { emit, type Tx } from '@vafa/bus';
import { dayAt } from '../domain/calendar.ts';
import { betterTier } from '../domain/tiers/better-tier.ts';
import { daysBackFrom } from '../domain/tiers/look-back.ts';
import { isDue, type TierState } from '../domain/tiers/state.ts';
import { findQualifications, moveQualifications, recountQualifications } from '../store/qualifications.ts';
import { findTierRecount } from '../store/tier-recounts.ts';
import { findTierStates, forgetTierState, saveTierStates } from '../store/tier-states.ts';
import { lookAtTiers, tierChanged } from './look-at-tiers.ts';
import type { TierRules } from './tier-rules.ts';

/**
 * The tiers of both as they are now: what has fallen due is looked at by what each of them did, as if the sweep had been by
 * just before.
 */
const settledStates = async (
  tx: Tx,
  rules: TierRules | undefined,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<Map<string, TierState>> => {
  const states = await findTierStates(tx, customerIds);
  const due = new Map([...states].filter(([, state]) => isDue(state, now.epochMilliseconds)));
  if (!rules || due.size === 0) return states;
  await emit(tx, await lookAtTiers(tx, rules, due, now));
  return findTierStates(tx, customerIds);
};

/**
 * While everybody is counted anew, the one may be counted already and the other not: nobody would come back for what the other did.
 * Tells whether that was so.
 */
const recountJoint = async (tx: Tx, { structure, measure, zone }: TierRules, customerId: string): Promise<boolean> => {
  const recount = await findTierRecount(tx);
  if (recount === undefined || recount.done) return false;
  await recountQualifications(tx, structure.metric, measure, zone.timeZone, [customerId]);
  return true;
};

/** Days on which somebody did what counts, as far back as a tier may come from that is still had. */
const findActiveDays = async (
  tx: Tx,
  rules: TierRules,
  customerId: string,
  now: Temporal.Instant,
): Promise<string[]> => {
  const from = daysBackFrom(rules, dayAt(rules.zone, now.epochMilliseconds).date);
  const days = await findQualifications(tx, rules.measure, [{ customerId, from }]);
  return (days.get(customerId) ?? []).filter(({ amount }) => amount > 0).map(({ day }) => day);
};

/**
 * Makes the qualification of two merged customers one; the one that lives on has the better of their tiers (of the same
 * tier the one that lasts longer), or what both together are or were enough for: the windows in which the one did something are told
 * of to the other. The caller holds the locks of both balance rows, and
 * has given the orders of the one to the other and noted that they are one.
 */
export const joinTiers = async (
  tx: Tx,
  rules: TierRules | undefined,
  { from, into }: { from: string; into: string },
  now: Temporal.Instant,
): Promise<void> => {
  const states = await settledStates(tx, rules, [from, into], now);
  const gained = rules ? await findActiveDays(tx, rules, from, now) : [];
  await moveQualifications(tx, from, into);
  const kept = states.get(into);
  const better = betterTier(rules?.structure, states.get(from), kept);
  await forgetTierState(tx, from);
  if (!rules) {
    // Without tiers nothing is looked at; what was had before is kept for when there are some again. By then it is nothing new.
    if (!better) return;
    await saveTierStates(tx, [{ customerId: into, state: better }]);
    const before = kept?.tier ?? null;
    const sinceMs = better.sinceMs ?? now.epochMilliseconds;
    if (better.tier !== before) await emit(tx, [tierChanged(into, before, { ...better, sinceMs }, 'merged')]);
    return;
  }
  const told = (await recountJoint(tx, rules, into)) ? 'all' : gained;
  const given = better ? new Map([[into, better]]) : undefined;
  await emit(
    tx,
    await lookAtTiers(tx, rules, new Map([[into, kept]]), now, { ...(given && { given }), toldOf: () => told }),
  );
};
