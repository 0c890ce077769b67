import type { Tx } from '@vafa/bus';
import { findSpecial } from '../store/accounts.ts';
import { keepPlans } from '../store/plans.ts';
import type { CurrentRules, Rules } from './current-programme.ts';
import type { PurchaseEvent } from './read-batch.ts';

/** Which customers of a batch need care. */
export interface Special {
  mergedInto: Map<string, string>;
  owing: Set<string>;
}

const findSpecialOf = async (tx: Tx, customerIds: readonly string[]): Promise<Special> => {
  const found = await findSpecial(tx, customerIds);
  const mergedInto = new Map(
    found.flatMap((each) => (each.mergedInto === null ? [] : [[each.customerId, each.mergedInto]])),
  );
  // Whom a customer was merged into may owe points too.
  if (mergedInto.size > 0) found.push(...(await findSpecial(tx, [...mergedInto.values()])));
  return {
    mergedInto,
    owing: new Set(found.filter((each) => each.mergedInto === null).map(({ customerId }) => customerId)),
  };
};

/** What booking a batch asks first. */
export interface Standings {
  rules: Rules;
  special: Special;
}

/** Reads the rules in force and which customers need care, sent at once. From here on the transaction keeps plans. */
export const findStandings = async (
  tx: Tx,
  events: readonly PurchaseEvent[],
  { currentRules }: { currentRules: CurrentRules },
): Promise<Standings> => {
  const [, rules, special] = await Promise.all([
    keepPlans(tx),
    currentRules(tx),
    findSpecialOf(tx, [...new Set(events.map(({ data }) => data.customerId))]),
  ]);
  return { rules, special };
};
