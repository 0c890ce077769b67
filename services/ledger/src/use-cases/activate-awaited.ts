import type { Tx } from '@vafa/bus';
import { present } from '@vafa/kernel';
import type { Account } from '../domain/account.ts';
import { activateAwaited, fulfil, type Interaction, pendingLots } from '../domain/activate.ts';
import { accountOf, addLots, type Book } from '../domain/book.ts';
import { happenedAtMs } from '../domain/entry-id.ts';
import { findAwaiting } from '../store/lots.ts';
import type { Rules } from './current-programme.ts';
import { findFulfilled } from './find-fulfilled.ts';
import { expiringIn, settleBeforeGiving } from './tier-expiry.ts';

/** An interaction that points may await, of the customer whose account counts. */
export interface Awaited extends Interaction {
  customerId: string;
  traceparent?: string | undefined;
}

/**
 * Makes spendable what awaited these interactions, in their order. The accounts are in the book, under lock; of who has none
 * there, nothing awaits anything. The caller saves the book and tells.
 */
export const activateByInteractions = async (
  tx: Tx,
  book: Book,
  interactions: readonly Awaited[],
  rules: Rules,
): Promise<void> => {
  const types = [...new Set(interactions.map(({ type }) => type))];
  const customers = [...book.accounts.keys()];
  const waiting = await findAwaiting(tx, customers, types);
  if (waiting.length === 0) return;
  addLots(book, waiting);
  const now = Temporal.Instant.fromEpochMilliseconds(book.nowMs);
  const tierOf = await settleBeforeGiving(tx, rules, customers, now);
  for (const interaction of interactions) {
    if (!book.accounts.has(interaction.customerId)) continue;
    const tier = tierOf(interaction.customerId);
    activateAwaited(book, accountOf(book, interaction.customerId), interaction, (ruleId) =>
      expiringIn(rules, tier, ruleId),
    );
  }
};

/**
 * Makes spendable what a customer's points await that is known already: of two who were merged, what the one did was told when the
 * points were the other's. The account is in the book, under lock. The caller saves the book and tells.
 */
export const activateByKnown = async (tx: Tx, book: Book, account: Account, rules: Rules): Promise<void> => {
  const { customerId } = account;
  addLots(book, await findAwaiting(tx, [customerId]));
  const points = pendingLots(book, customerId).map((lot) => ({
    ...{ lot, customerId, wonAtMs: happenedAtMs(lot.id), terms: lot },
    ...present(lot.entry, 'entry of a lot that awaits something'),
  }));
  const now = Temporal.Instant.fromEpochMilliseconds(book.nowMs);
  for (const [{ lot }, fulfilled] of await findFulfilled(tx, rules, points, now)) fulfil(book, account, lot, fulfilled);
};
