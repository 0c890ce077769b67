import { emit, type Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import { resolveCustomers as resolveFormer } from '@vafa/platform';
import type { Account } from '../domain/account.ts';
import { addAccounts, addLots, createBook } from '../domain/book.ts';
import { moveAll } from '../domain/leave.ts';
import type { Door } from '../domain/transfer.ts';
import { changedMeanwhile, resolveCustomer } from '../store/accounts.ts';
import { giveInteractions } from '../store/awaited-interactions.ts';
import { giveBelongings, markMerged } from '../store/identities.ts';
import { lockPair } from '../store/lock-pair.ts';
import { findOpenLots } from '../store/lots.ts';
import { giveProfile } from '../store/profiles.ts';
import { giveCounters } from '../store/rule-counters.ts';
import { saveBook } from '../store/save-book.ts';
import { activateByKnown } from './activate-awaited.ts';
import type { CurrentRules, Rules } from './current-programme.ts';
import type { RefundSettings } from './decide-steps.ts';
import { joinTiers } from './join-tiers.ts';
import { matchOpenRefunds } from './match-open-refunds.ts';
import { eventsOf } from './points-events.ts';
import { settleAccounts } from './settle-accounts.ts';

/** What the one did counts for what the other's points await. */
const answerAwaited = async (
  tx: Tx,
  account: Account,
  rules: Rules,
  door: Door,
  now: Temporal.Instant,
): Promise<void> => {
  const book = createBook(door, now);
  addAccounts(book, [account]);
  await activateByKnown(tx, book, account, rules);
  if (book.transfers.length === 0) return;
  await saveBook(tx, book, now.toString());
  await emit(tx, eventsOf(book));
};

/** Who a merge is about: whom it goes into lives on under that name today. */
interface Parties {
  from: string;
  into: string;
}

/** Undefined when either of them was erased after it. */
const findParties = async (
  tx: Tx,
  { customerId, intoCustomerId, occurredAt }: { customerId: string; intoCustomerId: string; occurredAt: string },
): Promise<Parties | undefined> => {
  const formerOf = await resolveFormer(tx, [customerId, intoCustomerId]);
  const isErased = (name: string): boolean => formerOf(name, Date.parse(occurredAt)) === undefined;
  if (isErased(customerId) || isErased(intoCustomerId)) return undefined;
  return { from: customerId, into: await resolveCustomer(tx, intoCustomerId) };
};

/**
 * Makes two customers one: points, lots (with their expiry), reservations, orders and refunds go to the one that lives on,
 * and later events of the other count for it. What is past its time is settled before, so that it matters not when the sweep came
 * by. Refunds that are open for orders find those of the other. Once more changes nothing; nor does one from before either of them
 * was erased, so that nothing is known anew of her.
 * @throws AppError conflict `ledger.merged_elsewhere` when the customer was merged into yet another before, unavailable when either was
 * merged or erased at this moment
 */
export const mergeCustomers = async (
  tx: Tx,
  merge: { customerId: string; intoCustomerId: string; occurredAt: string },
  door: Door,
  now: Temporal.Instant,
  deps: { currentRules: CurrentRules; refunds: RefundSettings },
): Promise<void> => {
  const parties = await findParties(tx, merge);
  if (!parties) return;
  const { from, into } = parties;
  const already = await resolveCustomer(tx, from);
  if (from === into || already === into) return;
  if (already !== from)
    throw new AppError('conflict', 'ledger.merged_elsewhere', 'the customer was merged into another one before');
  // Profiles before balances, as everywhere.
  await giveProfile(tx, from, into);
  const [giver, receiver] = await lockPair(tx, from, into);
  // Who was erased meanwhile has left its account, and it was made anew.
  if ((await findParties(tx, merge))?.into !== into) throw changedMeanwhile();
  await emit(tx, await settleAccounts(tx, [giver, receiver], door, now));
  const owed = giver.deficit + receiver.deficit;
  const wanted = new Map([from, into].map((customerId) => [customerId, owed]));
  const open = owed > 0 ? await findOpenLots(tx, wanted) : [];
  await giveBelongings(tx, from, into);
  await giveCounters(tx, from, into);
  await giveInteractions(tx, from, into);
  const book = createBook(door, now);
  addAccounts(book, [giver, receiver]);
  addLots(
    book,
    open.map((lot) => ({ ...lot, customerId: into })),
  );
  moveAll(book, giver, receiver, merge.occurredAt);
  await saveBook(tx, book, now.toString());
  await markMerged(tx, from, receiver);
  const rules = await deps.currentRules(tx);
  await joinTiers(tx, rules.tiers, { from, into }, now);
  await answerAwaited(tx, receiver, rules, door, now);
  if (receiver.nextClosingMs !== null) await matchOpenRefunds(tx, into, door, now, { rules, refunds: deps.refunds });
};
