import { emit, type Tx } from '@vafa/bus';
import { present } from '@vafa/kernel';
import { booked } from '../domain/account.ts';
import { addAccounts, addLots, createBook } from '../domain/book.ts';
import { release } from '../domain/reservation.ts';
import { lockAccounts } from '../store/accounts.ts';
import { findAllocations } from '../store/allocations.ts';
import { findClaimsOn } from '../store/held-claims.ts';
import { findLots } from '../store/lots.ts';
import { closeReservations, lockReservations } from '../store/reservations.ts';
import { saveBook } from '../store/save-book.ts';
import { loadRipeOfOwing } from './open-account.ts';
import { eventsOf, releasedEvent } from './points-events.ts';

/**
 * Gives back the given reservations, less what refunds are due of them, if their time is up and they are still open; accounts are
 * locked in the order of customers. Returns how many it closed.
 */
export const releaseOverdue = async (
  tx: Tx,
  overdue: readonly { id: string; customerId: string }[],
  now: Temporal.Instant,
): Promise<number> => {
  const book = createBook('clock', now);
  const accounts = await lockAccounts(tx, [...new Set(overdue.map(({ customerId }) => customerId))]);
  addAccounts(book, accounts);
  const reservations = (
    await lockReservations(
      tx,
      overdue.map(({ id }) => id),
    )
  ).filter(({ status, customerId }) => status === 'held' && book.accounts.has(customerId));
  if (reservations.length === 0) return 0;
  const allocations = await findAllocations(
    tx,
    reservations.map(({ id }) => id),
  );
  addLots(book, await findLots(tx, [...new Set(allocations.map(({ lotId }) => lotId))]));
  await loadRipeOfOwing(tx, book, accounts);
  book.heldClaims.push(...(await findClaimsOn(tx, reservations)));
  const time = now.toString();
  const events = reservations.map((reservation) => {
    const account = present(book.accounts.get(reservation.customerId), 'locked account');
    const own = allocations.filter(({ ownerId }) => ownerId === reservation.id);
    release(book, account, reservation, own, 'timed_out');
    const { id: reservationId, customerId, points } = reservation;
    const told = { reservationId, customerId, points, balanceAfter: booked(account), reason: 'timed out' };
    return releasedEvent(told, time);
  });
  await Promise.all([closeReservations(tx, reservations, time), saveBook(tx, book, time)]);
  await emit(tx, [...events, ...eventsOf(book)]);
  return reservations.length;
};
