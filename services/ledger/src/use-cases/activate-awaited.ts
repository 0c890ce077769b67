import type { Tx } from '@vafa/bus';
import { activateAwaited } from '../domain/activate.ts';
import { accountOf, addAccounts, addLots, type Book } from '../domain/book.ts';
import { lockAccounts } from '../store/accounts.ts';
import { findAwaiting } from '../store/lots.ts';
import type { Rules } from './current-programme.ts';
import { expiryIn, findTiersForExpiry } from './tier-expiry.ts';

/** An interaction that points may await, of the customer whose account counts. */
export interface Awaited {
  customerId: string;
  type: string;
  atMs: number;
  traceparent?: string | undefined;
}

/**
 * Makes spendable what awaited these interactions, in their order. Whoever has nothing pending that awaits them is not
 * locked. The caller saves the book and tells.
 */
export const activateByInteractions = async (
  tx: Tx,
  book: Book,
  interactions: readonly Awaited[],
  rules: Rules,
): Promise<void> => {
  const customers = [...new Set(interactions.map(({ customerId }) => customerId))];
  const types = [...new Set(interactions.map(({ type }) => type))];
  const waiting = await findAwaiting(tx, customers, types);
  if (waiting.length === 0) return;
  addAccounts(book, await lockAccounts(tx, [...new Set(waiting.map(({ customerId }) => customerId))]));
  // Looked at again under the lock: the sweep may have been there in between.
  addLots(book, await findAwaiting(tx, [...book.accounts.keys()], types));
  const tierOf = await findTiersForExpiry(tx, rules, [...book.accounts.keys()]);
  for (const interaction of interactions) {
    if (!book.accounts.has(interaction.customerId)) continue;
    const expiryOf = expiryIn(rules, tierOf(interaction.customerId));
    activateAwaited(book, accountOf(book, interaction.customerId), interaction, expiryOf);
  }
};
