import { assert, present } from '@vafa/kernel';
import type { Account } from './account.ts';
import { type Book, post } from './book.ts';
import { credit } from './credit.ts';
import { allocate, openLots, requirePoints, sumOf, type Taken, takeFrom } from './spend.ts';
import { atOnce } from './terms.ts';
import type { Transfer } from './transfer.ts';

/** Points of a gift that expire at the same instant: what left the one account and what came to the other. */
export interface GiftPart {
  points: number;
  /** Milliseconds since 1970; null = never. */
  expiresAtMs: number | null;
  out: Transfer;
  arrived: Transfer;
}

export interface Gift {
  /** What makes it this gift, for ever. */
  id: string;
  points: number;
  /** ISO 8601. */
  occurredAt: string;
  actor: string;
  reason: string;
  traceparent?: string;
}

/** Takes out of the lots that expire first and together, and are kept by activity together, if they are. */
const takeEarliest = (book: Book, giver: Account, points: number): Taken[] => {
  const lots = openLots(book, giver.customerId);
  const first = present(lots[0], 'an open lot: the lots in the book cover what is given');
  const together = lots.filter((lot) => lot.expiresAtMs === first.expiresAtMs && lot.slides === first.slides);
  return takeFrom(book, giver, together, points);
};

/**
 * Gives points of one customer to another, earliest expiry first. They keep their expiry: for each instant at which some of
 * them expire there is a pair of transfers and a lot of the receiver's; two where only some of those slide. What the receiver owes
 * is paid off with them. Only active points can be given; the giver's lots that cover them are in the book.
 * @throws AppError rejected `ledger.insufficient_points`
 */
export const give = (book: Book, giver: Account, receiver: Account, gift: Gift): GiftPart[] => {
  assert(giver !== receiver && gift.points > 0, 'a gift goes from one to another');
  requirePoints(giver, gift.points);
  const { id, occurredAt, actor, reason, traceparent } = gift;
  const said = { occurredAt, actor, reason, ...(traceparent === undefined ? {} : { traceparent }) };
  const parts: GiftPart[] = [];
  for (let left = gift.points; left > 0; ) {
    const taken = takeEarliest(book, giver, left);
    const points = sumOf(taken);
    const { expiresAtMs, slides } = present(taken[0], 'taken lot').lot;
    const naturalKey = [id, String(parts.length)];
    const out = post(book, giver, { ...said, kind: 'transfer_out', points: -points, naturalKey });
    allocate(book, out.id, taken);
    const arrived = credit(
      book,
      receiver,
      { ...said, kind: 'transfer_in', points, naturalKey },
      atOnce({ expiresAtMs, sliding: slides ? 'always' : 'never' }),
    );
    // Names the lot that it brought; what comes by a merger brings none of its own.
    arrived.lotId = arrived.id;
    out.pairId = arrived.id;
    arrived.pairId = out.id;
    parts.push({ points, expiresAtMs, out, arrived });
    left -= points;
  }
  return parts;
};
