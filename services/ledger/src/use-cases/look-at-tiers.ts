import type { Tx } from '@vafa/bus';
import { type EventEnvelope, event, TierChanged } from '@vafa/contracts';
import { idFrom, present } from '@vafa/kernel';
import { daysNeededFrom, look } from '../domain/tiers/look.ts';
import type { ToldDays } from '../domain/tiers/look-back.ts';
import { stateOf, type TierState } from '../domain/tiers/state.ts';
import { placeOf, type TierStructure } from '../domain/tiers/structure.ts';
import { isoOfMs } from '../store/instants.ts';
import { findQualifications } from '../store/qualifications.ts';
import { type CustomerTier, saveTierStates } from '../store/tier-states.ts';
import { SOURCE } from './points-events.ts';
import type { TierRules } from './tier-rules.ts';

const reasonOf = (structure: TierStructure, from: string | null, to: string | null): string => {
  if (from !== null && placeOf(structure, from) < 0) return 'the tier is no more';
  return placeOf(structure, to) > placeOf(structure, from) ? 'reached' : 'not kept';
};

/** Tells that a customer has another tier than before. */
export const tierChanged = (
  customerId: string,
  from: string | null,
  { tier: to, sinceMs }: TierState,
  reason: string,
): EventEnvelope => {
  const atMs = present(sinceMs, 'instant at which a tier changed');
  return event(
    TierChanged,
    {
      id: idFrom('tier.changed', customerId, String(atMs), from ?? '', to ?? ''),
      source: SOURCE,
      time: isoOfMs(atMs),
    },
    { customerId, ...(from === null ? {} : { from }), ...(to === null ? {} : { to }), reason },
  );
};

const isSame = (a: TierState | undefined, b: TierState): boolean =>
  a?.tier === b.tier &&
  a.sinceMs === b.sinceMs &&
  a.validUntilMs === b.validUntilMs &&
  a.graceUntilMs === b.graceUntilMs;

/** What a look knows beside what is kept. */
interface Known {
  /** Tiers that some customers have now in the place of what is kept. */
  given?: ReadonlyMap<string, TierState>;
  /** Days of which something was told that counts more than before. */
  toldOf?: (customerId: string) => ToldDays | undefined;
}

/**
 * Looks at the tiers of customers, by what is kept of them, and writes what has changed. The caller holds the locks of their
 * balance rows. Returns what to tell.
 */
export const lookAtTiers = async (
  tx: Tx,
  rules: TierRules,
  customers: ReadonlyMap<string, TierState | undefined>,
  now: Temporal.Instant,
  { given = new Map(), toldOf = () => undefined }: Known = {},
): Promise<EventEnvelope[]> => {
  if (customers.size === 0) return [];
  const nowMs = now.epochMilliseconds;
  const hasNow = (customerId: string) => given.get(customerId) ?? customers.get(customerId);
  const wanted = [...customers.keys()].map((customerId) => ({
    customerId,
    from: daysNeededFrom(rules, hasNow(customerId), nowMs, toldOf(customerId)),
  }));
  const daysOf = await findQualifications(tx, rules.measure, wanted);
  const events: EventEnvelope[] = [];
  const saved: CustomerTier[] = [];
  for (const [customerId, kept] of customers) {
    const days = daysOf.get(customerId) ?? [];
    const before = stateOf(rules.structure, kept);
    const state = look({ ...rules, days }, hasNow(customerId), nowMs, toldOf(customerId));
    if (!state || isSame(before, state)) continue;
    saved.push({ customerId, state });
    const from = before?.tier ?? null;
    if (state.tier !== from)
      events.push(tierChanged(customerId, from, state, reasonOf(rules.structure, from, state.tier)));
  }
  if (saved.length > 0) await saveTierStates(tx, saved);
  return events;
};
