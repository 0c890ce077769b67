import { type Account, assertCountable, booked } from './account.ts';
import { payOffByRipe } from './activate.ts';
import { addLots, type Book, type Posting, post, touchLot } from './book.ts';
import { slidesIn } from './kept-by-activity.ts';
import type { Lot } from './lot.ts';
import type { Terms } from './terms.ts';
import { PENDING, type Transfer } from './transfer.ts';

/**
 * Gives points: what is owed is paid off first, the rest becomes a lot. Points that are not spendable yet stand beside the
 * account as pending, and pay nothing off before they are. Lots that are past their expiry when they arrive (imported
 * history) are not announced as expiring soon.
 * @throws AppError rejected `ledger.points_out_of_range` when somebody asks for more than a customer may have
 */
export const credit = (book: Book, account: Account, posting: Posting, terms: Terms): Transfer => {
  const { points } = posting;
  payOffByRipe(book, account);
  const { expiresAtMs, sliding, pendingUntilMs, awaits } = terms;
  const pending = pendingUntilMs === null ? 0 : points;
  const absorbed = Math.min(account.deficit, points - pending);
  account.deficit -= absorbed;
  account.pending += pending;
  account.active += points - pending - absorbed;
  // Nobody asks for what falls due: refused, it would hold up what the same job gives to others.
  if (book.door !== 'clock') assertCountable(booked(account) + account.pending);
  const transfer = post(book, account, pending > 0 ? { ...posting, account: PENDING } : posting);
  const lot: Lot = {
    id: transfer.id,
    customerId: account.customerId,
    granted: points,
    remaining: points - pending - absorbed,
    pending,
    absorbed,
    expired: 0,
    waived: 0,
    expiresAtMs,
    slides: slidesIn(account, terms),
    noticed: expiresAtMs !== null && expiresAtMs <= book.nowMs,
    pendingUntilMs,
    awaits,
    activatedMs: terms.activatedMs ?? null,
    entry: { orderId: posting.orderId ?? null, ruleId: posting.ruleId ?? null },
  };
  book.newLots.add(lot);
  addLots(book, [lot]);
  touchLot(book, account, lot);
  transfer.terms = { expiresAtMs: lot.expiresAtMs, sliding, pendingUntilMs, awaits };
  return transfer;
};
