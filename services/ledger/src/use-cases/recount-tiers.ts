import { emit, type Tx } from '@vafa/bus';
import { isNobody } from '../domain/plan.ts';
import type { ActiveProgramme } from '../domain/programme.ts';
import { lockOrOpenAccounts } from '../store/accounts.ts';
import { findProgramme, listProgrammeVersions } from '../store/programmes.ts';
import { recountQualifications } from '../store/qualifications.ts';
import {
  advanceTierRecount,
  beginTierRecount,
  findCustomersAfter,
  findTierRecount,
  type TierRecount,
} from '../store/tier-recounts.ts';
import { findTierStates } from '../store/tier-states.ts';
import { lookAtTiers } from './look-at-tiers.ts';
import { createTierRules, type TierRules } from './tier-rules.ts';

/** A version is so old before it is recounted: longer than any transaction lives that still follows the one before. */
const SETTLED_AFTER_MS = 60_000;
/** Versions looked back at. More changes between two runs than this are taken as a change of the tiers. */
const MAX_VERSIONS = 50;

/** Did all versions after that one have these tiers too? Else what was bought meanwhile was not counted by them. */
const isUnbroken = async (tx: Tx, since: number, current: ActiveProgramme, fingerprint: string): Promise<boolean> => {
  if (current.version - since > MAX_VERSIONS) return false;
  const versions = await listProgrammeVersions(tx, MAX_VERSIONS);
  return versions
    .filter(({ version }) => version > since)
    .every((programme) => createTierRules(programme)?.fingerprint === fingerprint);
};

const findOrBegin = async (
  tx: Tx,
  programme: ActiveProgramme,
  rules: TierRules,
  now: Temporal.Instant,
): Promise<TierRecount> => {
  const { fingerprint } = rules;
  const newest = await findTierRecount(tx);
  if (newest?.fingerprint === fingerprint && (await isUnbroken(tx, newest.programmeVersion, programme, fingerprint)))
    return newest;
  await beginTierRecount(tx, programme.version, fingerprint, now.toString());
  return { programmeVersion: programme.version, fingerprint, afterCustomer: '', done: false };
};

/**
 * After tiers were introduced or changed: counts the qualification of everybody anew from the orders, and gives everybody the
 * tier that this is enough for, in windows that are over too if it still runs; one portion. Returns how many customers it went
 * through; 0 = nothing is left.
 */
export const recountTiers = async (tx: Tx, now: Temporal.Instant, maxCustomers: number): Promise<number> => {
  const programme = await findProgramme(tx);
  const rules = createTierRules(programme);
  if (!programme || !rules) return 0;
  if (now.epochMilliseconds - Date.parse(programme.createdAt) < SETTLED_AFTER_MS) return 0;
  const recount = await findOrBegin(tx, programme, rules, now);
  if (recount.done) return 0;
  const found = await findCustomersAfter(tx, recount.afterCustomer, maxCustomers);
  const last = found.at(-1) ?? null;
  const customerIds = found.filter((customerId) => !isNobody(customerId));
  await lockOrOpenAccounts(tx, customerIds);
  if (customerIds.length > 0) {
    const { metric } = rules.structure;
    await recountQualifications(tx, metric, rules.measure, rules.zone.timeZone, customerIds);
    const states = await findTierStates(tx, customerIds);
    const customers = new Map(customerIds.map((customerId) => [customerId, states.get(customerId)]));
    await emit(tx, await lookAtTiers(tx, rules, customers, now, { toldOf: () => 'all' }));
  }
  await advanceTierRecount(
    tx,
    recount.programmeVersion,
    last ?? recount.afterCustomer,
    last === null ? now.toString() : null,
  );
  // The portion that finds nobody ends it.
  return last === null ? 0 : maxCustomers;
};
