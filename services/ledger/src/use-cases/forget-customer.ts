import type { Tx } from '@vafa/bus';
import { newId } from '@vafa/kernel';
import { addAccounts, addLots, createBook } from '../domain/book.ts';
import { forfeit } from '../domain/leave.ts';
import { ERASED_PREFIX } from '../domain/plan.ts';
import { release } from '../domain/reservation.ts';
import type { Door } from '../domain/transfer.ts';
import { lockOrOpenAccounts, resolveCustomer } from '../store/accounts.ts';
import { findAllocations } from '../store/allocations.ts';
import { emptyLots, findMergedInto, rename } from '../store/identities.ts';
import { findLots } from '../store/lots.ts';
import { closeReservations, findHeldBy } from '../store/reservations.ts';
import { saveBook } from '../store/save-book.ts';

const forfeitAll = async (
  tx: Tx,
  customerId: string,
  occurredAt: string,
  door: Door,
  now: Temporal.Instant,
): Promise<void> => {
  const [account] = await lockOrOpenAccounts(tx, [customerId]);
  if (!account) return;
  const book = createBook(door, now);
  addAccounts(book, [account]);
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
  const transfer = forfeit(book, account, occurredAt);
  account.nextExpiryMs = null;
  account.nextUnnoticedMs = null;
  await saveBook(tx, book, now.toString());
  if (transfer) await emptyLots(tx, customerId, transfer.id);
};

/**
 * Forgets a customer: what is left of the points is forfeited, and the customer's id is replaced by a random pseudonym in
 * every table, so that the entries stay and add up but belong to nobody. Nothing remembers which pseudonym was whose, and
 * nothing is published. Identities that were merged into this one are forgotten with it. Once more changes nothing.
 */
export const forgetCustomer = async (
  tx: Tx,
  forget: { customerId: string; occurredAt: string },
  door: Door,
  now: Temporal.Instant,
): Promise<void> => {
  const { customerId, occurredAt } = forget;
  // One that lives on in another has nothing of its own any more but its history.
  if ((await resolveCustomer(tx, customerId)) === customerId) await forfeitAll(tx, customerId, occurredAt, door, now);
  for (const id of [...(await findMergedInto(tx, customerId)), customerId])
    await rename(tx, id, `${ERASED_PREFIX}${newId()}`);
};
