import { AppError, present } from '@vafa/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Account, emptyAccount } from './account.ts';
import { addAccounts, addLots, type Book, createBook } from './book.ts';
import type { Lot } from './lot.ts';
import { capture, hold, type Reservation, release, requireOpen } from './reservation.ts';
import { settleAndHold } from './settle-and-hold.ts';
import { slide } from './slide.ts';

const NOW = Temporal.Instant.from('2026-11-21T08:00:00Z');
const nowMs = NOW.epochMilliseconds;

const drawnLot = fc.record({
  points: fc.integer({ min: 1, max: 20 }),
  /** Hours from now at which it expires, or becomes spendable while it is pending. */
  hours: fc.integer({ min: -5, max: 5 }).filter((hours) => hours !== 0),
  pending: fc.boolean(),
});

const lotOf = (id: number, { points, hours, pending }: { points: number; hours: number; pending: boolean }): Lot => ({
  ...{ id: `0000000${id}-0000-7000-8000-000000000000`, customerId: 'ann', granted: points },
  ...{ remaining: pending ? 0 : points, pending: pending ? points : 0, absorbed: 0, expired: 0, waived: 0 },
  ...{ expiresAtMs: pending ? null : nowMs + hours * 3_600_000, slides: true, noticed: false },
  ...{ pendingUntilMs: pending ? nowMs + hours * 3_600_000 : null, awaits: null, activatedMs: null },
});

const openBook = (lots: readonly Lot[], deficit = 0): { book: Book; account: Account } => {
  const sum = (pick: (lot: Lot) => number) => lots.reduce((total, lot) => total + pick(lot), 0);
  const [active, pending] = [sum(({ remaining }) => remaining), sum((lot) => lot.pending)];
  const owed = active === 0 ? deficit : 0;
  const account = {
    ...emptyAccount('ann'),
    active,
    pending,
    deficit: owed,
    earned: active + pending,
    clawedBack: owed,
  };
  const book = createBook('api', NOW);
  addAccounts(book, [account]);
  addLots(book, lots);
  return { book, account };
};

const attempt = (deed: () => unknown): string => {
  try {
    deed();
    return 'done';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
};

const references = { occurredAt: NOW.toString(), actor: 'test' };
const heldFor = (points: number, more: Partial<Reservation> = {}): Reservation => ({
  ...{ id: 'r', customerId: 'ann', points, captured: 0, orderId: null, status: 'held', expiresAtMs: nowMs + 1 },
  ...more,
});

test('points that are not there are refused before anything is changed, though something was due', () => {
  fc.assert(
    fc.property(
      fc.array(drawnLot, { maxLength: 6 }),
      fc.nat(5),
      fc.integer({ min: 1, max: 80 }),
      (lots, deficit, points) => {
        const drawn = () =>
          openBook(
            lots.map((lot, i) => lotOf(i, lot)),
            deficit,
          );
        const [tried, untouched] = [drawn(), drawn()];
        const outcome = attempt(() => settleAndHold(tried.book, tried.account, { id: 'r', points }));
        const spendable = lots
          .filter(({ pending, hours }) => (pending ? hours < 0 : hours > 0))
          .reduce((sum, lot) => sum + lot.points, -untouched.account.deficit);
        expect(outcome).toBe(spendable >= points ? 'done' : 'ledger.insufficient_points');
        if (outcome === 'done') expect(tried.account.reserved).toBe(points);
        else expect(tried).toEqual(untouched);
      },
    ),
  );
});

test.each<[string, Partial<Reservation>, number, string]>([
  ['one that was captured', { status: 'captured', captured: 10 }, 5, 'ledger.reservation_closed'],
  ['one that was released', { status: 'released' }, 5, 'ledger.reservation_closed'],
  ['one whose time is up', { expiresAtMs: nowMs }, 5, 'ledger.reservation_closed'],
  ['more than it holds', {}, 11, 'ledger.capture_exceeds_reservation'],
])('to capture %s is refused before anything is changed', (_, more, points, code) => {
  const held = () => {
    const opened = openBook([lotOf(1, { points: 30, hours: 3, pending: false })]);
    const reservation = heldFor(10, more);
    return { ...opened, reservation, allocations: hold(opened.book, opened.account, reservation) };
  };
  const [tried, untouched] = [held(), held()];
  const { book, account, reservation, allocations } = tried;
  expect(attempt(() => capture(book, account, reservation, allocations, points, references))).toBe(code);
  expect(tried).toEqual(untouched);
});

test('what is captured or released once is closed for the next in the same book', () => {
  const { book, account } = openBook([lotOf(1, { points: 30, hours: 3, pending: false })]);
  const [spent, freed] = [heldFor(10), heldFor(10, { id: 'f' })];
  const allocations = [spent, freed].map((each) => hold(book, account, each));
  capture(book, account, spent, present(allocations[0], 'allocations'), 4, references);
  release(book, account, freed, present(allocations[1], 'allocations'), 'released');
  const before = structuredClone(book);
  for (const each of [spent, freed]) expect(attempt(() => requireOpen(each, nowMs))).toBe('ledger.reservation_closed');
  expect(attempt(() => capture(book, account, spent, present(allocations[0], 'allocations'), 4, references))).toBe(
    'ledger.reservation_closed',
  );
  expect(book).toEqual(before);
  expect(account).toMatchObject({ active: 26, reserved: 0, spent: 4 });
});

test('activity keeps what is left, and what comes back later, but changes nothing of a lot that was empty then', () => {
  const [drawnFrom, full] = [1, 2].map((id) => lotOf(id, { points: 10, hours: id, pending: false })) as [Lot, Lot];
  const own = drawnFrom.expiresAtMs;
  const { book, account } = openBook([drawnFrom, full]);
  const held = heldFor(10);
  const allocations = hold(book, account, held);
  const untilMs = nowMs + 9 * 3_600_000;
  slide(book, account, untilMs);
  // Whether the hold was of an earlier transaction makes no difference: that would not have found the empty lot.
  expect([drawnFrom.expiresAtMs, full.expiresAtMs]).toEqual([own, untilMs]);
  release(book, account, held, allocations, 'released');
  expect(drawnFrom).toMatchObject({ expiresAtMs: untilMs, remaining: 10 });
});
