import { expect, test } from 'vitest';
import { type Account, emptyAccount } from './account.ts';
import { addAccounts, addLots, type Book, createBook } from './book.ts';
import { credit } from './credit.ts';
import { entryId } from './entry-id.ts';
import { hold, release } from './reservation.ts';
import { debit, expireDue, openLots } from './spend.ts';
import { atOnce } from './terms.ts';

const T0 = Temporal.Instant.from('2026-01-01T00:00:00Z');
const DAY_MS = 86_400_000;

const setUp = (): { book: Book; account: Account } => {
  const book = createBook('api', T0);
  const account = emptyAccount('ann');
  addAccounts(book, [account]);
  return { book, account };
};

const give = (book: Book, account: Account, name: string, points: number, expiresInDays: number | null) =>
  credit(
    book,
    account,
    { kind: 'earn', points, occurredAt: T0.toString(), naturalKey: [name] },
    atOnce({
      expiresAtMs: expiresInDays === null ? null : T0.epochMilliseconds + expiresInDays * DAY_MS,
      sliding: 'always',
    }),
  );

const atDay = (from: Book, account: Account, day: number): Book => {
  const book = createBook('clock', T0.add({ hours: day * 24 }));
  addAccounts(book, [account]);
  addLots(book, from.lots.get('ann')?.values() ?? []);
  return book;
};

test('what expires first is spent first, what never expires last', () => {
  const { book, account } = setUp();
  give(book, account, 'never', 10, null);
  give(book, account, 'late', 10, 20);
  give(book, account, 'soon', 10, 5);
  debit(book, account, { kind: 'adjust', points: -15, occurredAt: T0.toString(), naturalKey: ['x'] });
  expect(openLots(book, 'ann').map(({ remaining, expiresAtMs }) => [remaining, expiresAtMs === null])).toEqual([
    [5, false],
    [10, true],
  ]);
  expect(account).toMatchObject({ active: 15, adjusted: -15, seq: 4 });
});

test('more than there is, is refused and changes nothing', () => {
  const { book, account } = setUp();
  give(book, account, 'a', 10, null);
  const before = structuredClone(account);
  expect(() => hold(book, account, { id: 'r', points: 11 })).toThrow(
    expect.objectContaining({ code: 'ledger.insufficient_points', details: { available: 10, requested: 11 } }),
  );
  expect(account).toEqual(before);
});

test('held points do not expire; given back after their time they expire by a transfer of their own', () => {
  const { book, account } = setUp();
  give(book, account, 'a', 10, 5);
  const reservation = {
    id: 'r',
    customerId: 'ann',
    points: 4,
    captured: 0,
    orderId: null,
    status: 'held' as const,
    expiresAtMs: 0,
  };
  const allocations = hold(book, account, reservation);
  const onDay6 = atDay(book, account, 6);
  const [first] = expireDue(onDay6, account);
  expect(first).toMatchObject({ kind: 'expire', amount: 6, balanceAfter: 4, occurredAt: '2026-01-06T00:00:00Z' });
  release(onDay6, account, reservation, allocations, 'released');
  expect(account).toMatchObject({ active: 4, reserved: 0, nextExpiryMs: T0.epochMilliseconds + 5 * DAY_MS });
  const [second] = expireDue(onDay6, account);
  expect(second).toMatchObject({ amount: 4, balanceAfter: 0 });
  expect(second?.id).not.toBe(first?.id);
  expect(expireDue(onDay6, account)).toEqual([]);
});

test('lots that arrive past their expiry are not announced', () => {
  const { book, account } = setUp();
  give(book, account, 'old', 10, -3);
  expect(account).toMatchObject({ nextExpiryMs: T0.epochMilliseconds - 3 * DAY_MS, nextUnnoticedMs: null });
  give(book, account, 'new', 10, 3);
  expect(account.nextUnnoticedMs).toBe(T0.epochMilliseconds + 3 * DAY_MS);
});

test('an id follows from what is booked and begins with its time', () => {
  const id = entryId(T0.epochMilliseconds, 'earn', 'o1', 'base');
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(id).toBe(entryId(T0.epochMilliseconds, 'earn', 'o1', 'base'));
  expect(id).not.toBe(entryId(T0.epochMilliseconds, 'earn', 'o2', 'base'));
  expect(entryId(T0.epochMilliseconds + 1, 'earn', 'o2', 'base') > id).toBe(true);
  expect(entryId(-5, 'earn', 'o1')).toMatch(/^00000000-0000-8/);
});
