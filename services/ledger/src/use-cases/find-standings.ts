import type { Tx } from '@vafa/bus';
import type { ResolveCustomer } from '@vafa/platform';
import { findSpecial, type SpecialCustomer } from '../store/accounts.ts';
import { readStandings } from '../store/standings.ts';
import type { CurrentRules, Rules } from './current-programme.ts';
import type { PurchaseEvent } from './read-batch.ts';

/** Which customers of a batch need care. */
export interface Special {
  mergedInto: Map<string, string>;
  /** They owe points, or have refunds that are open for their orders. */
  dependent: Set<string>;
}

const specialOf = async (tx: Tx, found: readonly SpecialCustomer[]): Promise<Special> => {
  const mergedInto = new Map(
    found.flatMap((each) => (each.mergedInto === null ? [] : [[each.customerId, each.mergedInto]])),
  );
  // Whom a customer was merged into may be one of them too.
  const further = mergedInto.size > 0 ? await findSpecial(tx, [...mergedInto.values()]) : [];
  const dependent = [...found, ...further].filter((each) => each.mergedInto === null);
  return { mergedInto, dependent: new Set(dependent.map(({ customerId }) => customerId)) };
};

/** What booking a batch asks first. */
export interface Standings {
  rules: Rules;
  special: Special;
  /** Undefined for customers who were erased after an instant. */
  formerOf: ResolveCustomer;
}

/** Reads, by one statement, the rules in force, which customers need care and who was erased. */
export const findStandings = async (
  tx: Tx,
  events: readonly PurchaseEvent[],
  { currentRules }: { currentRules: CurrentRules },
): Promise<Standings> => {
  const customerIds = [...new Set(events.map(({ data }) => data.customerId))];
  const { version, special, formerOf } = await readStandings(tx, customerIds);
  return { rules: await currentRules(tx, version), special: await specialOf(tx, special), formerOf };
};
