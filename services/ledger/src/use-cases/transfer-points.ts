import { emit, keepPlans, type Tx } from '@vafa/bus';
import { AppError, newId } from '@vafa/kernel';
import { addAccounts, addLots, createBook } from '../domain/book.ts';
import { give } from '../domain/gift.ts';
import { settleDue } from '../domain/plan.ts';
import { resolveCustomer } from '../store/accounts.ts';
import { textOf } from '../store/instants.ts';
import { lockPair } from '../store/lock-pair.ts';
import { findOpenLots } from '../store/lots.ts';
import { saveBook } from '../store/save-book.ts';
import { type AccountView, viewOf } from './account-view.ts';
import type { Call } from './call.ts';
import type { CurrentRules } from './current-programme.ts';
import { loadDueLots, loadRipeOfOwing } from './open-account.ts';
import { eventsOf } from './points-events.ts';
import { requireSomebody } from './require-somebody.ts';
import { settleTiers } from './settle-tiers.ts';

export interface TransferCommand {
  customerId: string;
  toCustomerId: string;
  points: number;
  reason: string;
}

export interface Transferred {
  transferId: string;
  points: number;
  /** Those that expire together, earliest first. */
  parts: { points: number; expiresAt: string | null; entryId: string; toEntryId: string }[];
  /** What the giver has left. */
  balance: AccountView;
}

/** Who may not give or receive. The receiver is named as it is: points sent to a name that counts for another are a mistake. */
const checkParties = async (
  tx: Tx,
  { customerId, toCustomerId }: TransferCommand,
): Promise<[from: string, to: string]> => {
  const [from, to] = await Promise.all([resolveCustomer(tx, customerId), resolveCustomer(tx, toCustomerId)]);
  for (const party of [from, to]) requireSomebody(party);
  if (from === to)
    throw new AppError('rejected', 'ledger.transfer_to_self', 'points can not be given to the one who has them');
  if (to !== toCustomerId)
    throw new AppError('conflict', 'ledger.receiver_merged', `the receiver was merged into ${to}`, { mergedInto: to });
  return [from, to];
};

/**
 * Gives points of one customer to another; they keep their expiry. Only active points can be given, pending and reserved
 * ones can't. Both accounts are locked in the order of their ids, so that two who give to each other don't block each other.
 * @throws AppError rejected `ledger.insufficient_points`, `ledger.transfer_to_self`, `ledger.customer_erased`, conflict
 * `ledger.receiver_merged`
 */
export const transferPoints = async (
  tx: Tx,
  command: TransferCommand,
  call: Call,
  deps: { currentRules: CurrentRules },
): Promise<Transferred> => {
  const [, [from, to]] = await Promise.all([keepPlans(tx), checkParties(tx, command)]);
  const [giver, receiver] = await lockPair(tx, from, to);
  const book = createBook('api', call.now);
  addAccounts(book, [giver, receiver]);
  await loadDueLots(tx, book, [giver]);
  settleDue(book, giver);
  await loadRipeOfOwing(tx, book, [receiver]);
  addLots(book, await findOpenLots(tx, new Map([[from, command.points]]), book.nowMs));
  // What arrives is issued to the receiver in the tier that is told.
  await settleTiers(tx, await deps.currentRules(tx), [to], call.now);
  const id = newId();
  const now = call.now.toString();
  const parts = give(book, giver, receiver, {
    id,
    points: command.points,
    occurredAt: now,
    actor: call.actor,
    reason: command.reason,
    ...(call.traceparent ? { traceparent: call.traceparent } : {}),
  });
  await saveBook(tx, book, now);
  await emit(tx, eventsOf(book));
  return {
    transferId: id,
    points: command.points,
    parts: parts.map(({ points, expiresAtMs, out, arrived }) => ({
      points,
      expiresAt: textOf(expiresAtMs),
      entryId: out.id,
      toEntryId: arrived.id,
    })),
    balance: viewOf(giver),
  };
};
