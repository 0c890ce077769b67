import type { Tx } from '@vafa/bus';
import { newId } from '@vafa/kernel';
import { forgetAnswers, recordErasure, resolveCustomers as resolveFormer } from '@vafa/platform';
import { addAccounts, addLots, createBook } from '../domain/book.ts';
import { forfeit, writeOff } from '../domain/leave.ts';
import { ERASED_PREFIX, isNobody } from '../domain/plan.ts';
import type { ErasePolicy } from '../domain/programme.ts';
import { release } from '../domain/reservation.ts';
import type { Door } from '../domain/transfer.ts';
import { lockOrOpenAccounts, resolveCustomer } from '../store/accounts.ts';
import { findAllocations } from '../store/allocations.ts';
import { forgetInteractions } from '../store/awaited-interactions.ts';
import { dropHeld } from '../store/held-claims.ts';
import { emptyLots, findMergedInto, rename } from '../store/identities.ts';
import { findLots } from '../store/lots.ts';
import { forgetProfiles } from '../store/profiles.ts';
import { forgetQualifications } from '../store/qualifications.ts';
import { closeRefunds } from '../store/refunds.ts';
import { closeReservations, findHeldBy } from '../store/reservations.ts';
import { forgetCounters } from '../store/rule-counters.ts';
import { saveBook } from '../store/save-book.ts';
import { forgetTierState } from '../store/tier-states.ts';
import type { CurrentRules } from './current-programme.ts';
import { settleAccounts } from './settle-accounts.ts';
import { voidRequests } from './void-requests.ts';

/** Ends what is open of a customer: reservations are given back, debts written off, points forfeited or kept by policy. */
const settleAccount = async (
  tx: Tx,
  customerId: string,
  occurredAt: string,
  door: Door,
  now: Temporal.Instant,
  policy: ErasePolicy,
): Promise<void> => {
  const [account] = await lockOrOpenAccounts(tx, [customerId]);
  if (!account) return;
  // As if the sweep had just been by, so that what expired is not told as forfeited. Nobody hears of it any more.
  await settleAccounts(tx, [account], door, now);
  const book = createBook(door, now);
  addAccounts(book, [account]);
  await Promise.all([dropHeld(tx, customerId), closeRefunds(tx, customerId)]);
  const held = await findHeldBy(tx, customerId);
  if (held.length > 0) {
    const allocations = await findAllocations(
      tx,
      held.map(({ id }) => id),
    );
    addLots(book, await findLots(tx, [...new Set(allocations.map(({ lotId }) => lotId))]));
    for (const reservation of held)
      release(
        book,
        account,
        reservation,
        allocations.filter(({ ownerId }) => ownerId === reservation.id),
        'released',
      );
    await closeReservations(tx, held, now.toString());
  }
  if (policy === 'keep') {
    writeOff(book, account, occurredAt);
    return saveBook(tx, book, now.toString());
  }
  const { active, pending } = forfeit(book, account, occurredAt);
  await saveBook(tx, book, now.toString());
  if (active) await emptyLots(tx, customerId, 'remaining', active.id);
  if (pending) await emptyLots(tx, customerId, 'pending', pending.id);
};

/**
 * Forgets a customer: what is left of the points is forfeited, or kept for nobody by policy; and the customer's id is replaced by a
 * random pseudonym in every table, so that the entries stay and add up but belong to nobody. Nothing remembers which pseudonym was
 * whose, and nothing is published; but that a pseudonym was merged into somebody who is still there, and has its lots, stays. That
 * there was an erasure is kept under a hash of the id, so that what happened before it and is told late makes nothing of the
 * customer known anew. Identities that were merged into this one are forgotten with it. Once more changes nothing: who came under
 * the same id since is somebody else.
 */
export const forgetCustomer = async (
  tx: Tx,
  forget: { customerId: string; occurredAt: string },
  door: Door,
  now: Temporal.Instant,
  deps: { currentRules: CurrentRules },
): Promise<void> => {
  const { customerId, occurredAt } = forget;
  const formerOf = await resolveFormer(tx, [customerId]);
  if (formerOf(customerId, Date.parse(occurredAt)) === undefined) return;
  const { programme } = await deps.currentRules(tx);
  // Profiles before balances, as everywhere.
  await forgetProfiles(tx, customerId);
  // One that lives on in another has nothing of its own any more but its history.
  if ((await resolveCustomer(tx, customerId)) === customerId)
    await settleAccount(tx, customerId, occurredAt, door, now, programme?.onErase ?? 'forfeit');
  // Who was merged into this one and erased since has no name any more.
  const merged = (await findMergedInto(tx, customerId)).filter((id) => !isNobody(id));
  await forgetAnswers(tx, [...merged, customerId]);
  for (const id of [...merged, customerId]) {
    const pseudonym = `${ERASED_PREFIX}${newId()}`;
    await voidRequests(tx, id, pseudonym, now);
    await forgetTierState(tx, id);
    await forgetCounters(tx, id);
    await forgetInteractions(tx, id);
    await forgetQualifications(tx, id);
    await rename(tx, id, pseudonym);
    await recordErasure(tx, id, occurredAt);
  }
};
