import { expect, test } from 'vitest';
import { type Account, assertBalanced, booked, emptyAccount } from './account.ts';
import { activateAwaited, settlePending } from './activate.ts';
import { addAccounts, addLots, type Book, createBook } from './book.ts';
import { credit } from './credit.ts';
import { forfeit, moveAll } from './leave.ts';
import { openLots } from './spend.ts';
import { byProgramme, type Terms } from './terms.ts';
import { PENDING } from './transfer.ts';

const T0 = Temporal.Instant.from('2026-01-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const at = (hours: number): number => T0.epochMilliseconds + hours * HOUR_MS;

const setUp = (): { book: Book; account: Account } => {
  const book = createBook('api', T0);
  const account = emptyAccount('ann');
  addAccounts(book, [account]);
  return { book, account };
};

const give = (book: Book, account: Account, name: string, points: number, terms: Partial<Terms>) =>
  credit(
    book,
    account,
    { kind: 'earn', points, occurredAt: T0.toString(), naturalKey: [name] },
    { expiresAtMs: null, sliding: 'always', pendingUntilMs: null, awaits: null, ...terms },
  );

const later = (from: Book, account: Account, hours: number): Book => {
  const book = createBook('clock', T0.add({ hours }));
  addAccounts(book, [account]);
  addLots(book, from.lots.get('ann')?.values() ?? []);
  return book;
};

test('pending points stand beside the account until their time, then they are spendable', () => {
  const { book, account } = setUp();
  const earned = give(book, account, 'o1', 50, { pendingUntilMs: at(10), expiresAtMs: at(100) });
  expect(earned).toMatchObject({ credit: PENDING, balanceAfter: 0 });
  expect(account).toMatchObject({ active: 0, pending: 50, earned: 50, nextActivationMs: at(10), nextExpiryMs: null });
  expect(openLots(book, 'ann')).toEqual([]);

  expect(settlePending(later(book, account, 9), account)).toEqual([]);
  const due = later(book, account, 11);
  expect(settlePending(due, account)).toMatchObject([
    { kind: 'activate', debit: PENDING, credit: 'customer', amount: 50, balanceAfter: 50, lotId: earned.id },
  ]);
  expect(due.transfers[0]?.occurredAt).toBe('2026-01-01T10:00:00Z');
  expect(account).toMatchObject({ active: 50, pending: 0, nextExpiryMs: at(100) });
  expect(settlePending(due, account)).toEqual([]);
  assertBalanced(account);
});

test('a deficit is paid off when points become spendable, not before', () => {
  const { book, account } = setUp();
  Object.assign(account, { deficit: 30, clawedBack: 30 });
  give(book, account, 'o1', 50, { pendingUntilMs: at(1) });
  expect(account).toMatchObject({ deficit: 30, pending: 50, active: 0 });
  settlePending(later(book, account, 1), account);
  expect(account).toMatchObject({ deficit: 0, pending: 0, active: 20 });
  expect(booked(account)).toBe(20);
});

test('points that await an interaction come with it, and their expiry counts from it', () => {
  const { book, account } = setUp();
  give(book, account, 'o1', 5, { pendingUntilMs: at(48), awaits: 'product.returned_window' });
  const expiringOf = () => byProgramme((ms) => ms + 10 * HOUR_MS, true);
  const seen = later(book, account, 20);
  expect(activateAwaited(seen, account, { type: 'app.opened', atMs: at(20), orderId: null }, expiringOf)).toEqual([]);
  const activated = activateAwaited(
    seen,
    account,
    { type: 'product.returned_window', atMs: at(20), orderId: null },
    expiringOf,
  );
  expect(activated).toMatchObject([{ kind: 'activate', amount: 5 }]);
  expect(openLots(seen, 'ann')).toMatchObject([{ remaining: 5, expiresAtMs: at(30), awaits: null }]);
});

test('what is owed is paid off by what became spendable before the points of an interaction', () => {
  const { book, account } = setUp();
  Object.assign(account, { deficit: 30, clawedBack: 30 });
  const waits = give(book, account, 'o1', 50, { pendingUntilMs: at(1) });
  const awaits = give(book, account, 'o2', 5, { pendingUntilMs: at(48), awaits: 'order.delivered' });
  const seen = later(book, account, 20);
  activateAwaited(seen, account, { type: 'order.delivered', atMs: at(19), orderId: null }, () =>
    byProgramme(() => null, true),
  );
  const lot = (id: string) => seen.lots.get('ann')?.get(id);
  expect(lot(waits.id)).toMatchObject({ absorbed: 30, remaining: 20 });
  expect(lot(awaits.id)).toMatchObject({ absorbed: 0, remaining: 5 });
  expect(account).toMatchObject({ deficit: 0, active: 25 });
});

test('activity that kept the others alive keeps what an interaction brings, too, and nobody is told that it expired', () => {
  const { book, account } = setUp();
  account.slidesUntilMs = at(200);
  give(book, account, 'o1', 5, { pendingUntilMs: at(48), awaits: 'order.delivered' });
  const seen = later(book, account, 40);
  activateAwaited(seen, account, { type: 'order.delivered', atMs: at(20), orderId: null }, () =>
    byProgramme((ms) => ms + 10 * HOUR_MS, true),
  );
  expect(openLots(seen, 'ann')).toMatchObject([{ remaining: 5, expiresAtMs: at(200), noticed: false }]);
  expect(account).toMatchObject({ nextExpiryMs: at(200), nextUnnoticedMs: at(200) });
});

test('what happened before points were won does not make them spendable', () => {
  const { book, account } = setUp();
  give(book, account, 'o1', 5, { pendingUntilMs: at(48), awaits: 'order.delivered' });
  const come = (hours: number) =>
    activateAwaited(
      later(book, account, 20),
      account,
      { type: 'order.delivered', atMs: at(hours), orderId: null },
      () => byProgramme(() => null, true),
    );
  expect(come(-1)).toEqual([]);
  expect(come(20)).toMatchObject([{ kind: 'activate', amount: 5 }]);
});

test('points that awaited an interaction in vain are lost, and what comes too late changes nothing', () => {
  const { book, account } = setUp();
  give(book, account, 'o1', 5, { pendingUntilMs: at(48), awaits: 'survey.answered' });
  const late = later(book, account, 49);
  expect(
    activateAwaited(late, account, { type: 'survey.answered', atMs: at(49), orderId: null }, () =>
      byProgramme(() => null, true),
    ),
  ).toEqual([]);
  expect(settlePending(late, account)).toMatchObject([
    { kind: 'expire', debit: PENDING, credit: 'expired/clock', amount: 5, balanceAfter: 0 },
  ]);
  expect(account).toMatchObject({ pending: 0, active: 0, earned: 5, expired: 5 });
  assertBalanced(account);
});

test('whoever is merged or erased takes or loses what was pending too', () => {
  const { book, account } = setUp();
  const into = emptyAccount('bob');
  addAccounts(book, [into]);
  give(book, account, 'o1', 5, { pendingUntilMs: at(48) });
  give(book, account, 'o2', 7, {});
  moveAll(book, account, into, T0.toString());
  expect(account).toMatchObject({ active: 0, pending: 0, nextActivationMs: null });
  expect(into).toMatchObject({ active: 7, pending: 5, nextActivationMs: at(48) });
  const { active, pending } = forfeit(book, into, T0.toString());
  expect([active?.amount, pending?.amount, pending?.debit]).toEqual([7, 5, PENDING]);
  expect(into).toMatchObject({ active: 0, pending: 0 });
  for (const each of [account, into]) assertBalanced(each);
  expect(new Set(book.transfers.map(({ id }) => id)).size).toBe(book.transfers.length);
});
