import type { Tx } from '@vafa/bus';
import { present } from '@vafa/kernel';
import { askForFormer, type FormerJson, type ResolveCustomer } from '@vafa/platform';
import { type SpecialCustomer, specialJson } from './accounts.ts';
import { LATEST_VERSION } from './programmes.ts';

export interface FoundStandings {
  /** Of the newest programme; 0 = there is none. */
  version: number;
  special: readonly SpecialCustomer[];
  /** Undefined for customers who were erased after an instant. */
  formerOf: ResolveCustomer;
}

/** By one statement: the newest programme's version, which of the customers need care, and which are no more. */
export const readStandings = async (tx: Tx, customerIds: readonly string[]): Promise<FoundStandings> => {
  const former = askForFormer(tx, customerIds);
  const [row] = await tx<{ version: number; special: SpecialCustomer[] | null; former: FormerJson }[]>`
    select ${tx.unsafe(LATEST_VERSION)} as version, ${specialJson(tx, customerIds)} as special, ${former.sql} as former`;
  const found = present(row, 'standings');
  return { version: found.version, special: found.special ?? [], formerOf: former.read(found.former) };
};
