import { present } from '@vafa/kernel';
import type { Account } from './account.ts';
import { type Fulfilled, fulfil } from './activate.ts';
import { type Book, findLot, type Posting } from './book.ts';
import { credit } from './credit.ts';
import type { Terms } from './terms.ts';

/**
 * Gives points that may await an interaction; where that was told before them (`fulfilled`), they become spendable by it, as if it
 * had come after them.
 */
export const creditAwaiting = (
  book: Book,
  account: Account,
  posting: Posting,
  terms: Terms,
  fulfilled: Fulfilled | undefined,
): void => {
  const { id } = credit(book, account, posting, terms);
  if (!fulfilled) return;
  fulfil(book, account, present(findLot(book, account.customerId, id), 'new lot'), fulfilled, posting.traceparent);
};
