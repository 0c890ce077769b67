import type { Tx } from '@vafa/bus';
import { type ResolveCustomer, resolveCustomers as resolveFormer } from '@vafa/platform';
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
  /** Undefined for customers who were erased after an instant. */
  formerOf: ResolveCustomer;
}

/** Reads the rules in force, which customers need care and who was erased, sent at once. From here on the transaction keeps plans. */
export const findStandings = async (
  tx: Tx,
  events: readonly PurchaseEvent[],
  { currentRules }: { currentRules: CurrentRules },
): Promise<Standings> => {
  const customerIds = [...new Set(events.map(({ data }) => data.customerId))];
  const [, rules, special, formerOf] = await Promise.all([
    keepPlans(tx),
    currentRules(tx),
    findSpecialOf(tx, customerIds),
    resolveFormer(tx, customerIds),
  ]);
  return { rules, special, formerOf };
};
