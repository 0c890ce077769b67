import { present } from '@vafa/kernel';
import { expect, test } from 'vitest';
import { type Account, assertBalanced, emptyAccount } from './account.ts';
import { activateAwaited, payOffByRipe, settlePending } from './activate.ts';
import { addAccounts, addLots, type Book, createBook } from './book.ts';
import { clawBack } from './clawback.ts';
import { credit } from './credit.ts';
import type { Order, Refund } from './order.ts';
import type { ReturnPolicy } from './programme.ts';
import { debit, expireDue } from './spend.ts';
import { byProgramme, type Terms } from './terms.ts';

const START = Temporal.Instant.from('2026-01-01T00:00:00Z');
const START_MS = START.epochMilliseconds;
/** When points expire, become spendable or are lost here. */
const DUE_MS = START_MS + 1_000;
const isoOf = (ms: number): string => Temporal.Instant.fromEpochMilliseconds(ms).toString();

const earn = (terms: Partial<Terms>, orderId: string | null = 'o1'): { book: Book; account: Account } => {
  const book = createBook('p1', START);
  const account = emptyAccount('ann');
  addAccounts(book, [account]);
  credit(
    book,
    account,
    {
      ...{ kind: 'earn', points: 10, occurredAt: START.toString(), naturalKey: ['earned'], ruleId: 'base' },
      ...(orderId === null ? {} : { orderId }),
    },
    { expiresAtMs: null, sliding: 'always', pendingUntilMs: null, awaits: null, ...terms },
  );
  return { book, account };
};

/** The same account and its lots, in the transaction of a moment. */
const at = (ms: number, { book: before, account }: { book: Book; account: Account }): Book => {
  const book = createBook('clock', Temporal.Instant.fromEpochMilliseconds(ms));
  addAccounts(book, [account]);
  addLots(book, before.lots.get('ann')?.values() ?? []);
  return book;
};

/** Takes points back, all 10 if not told, for a refund of a moment; and tells by which transfers. */
const refundAt = (book: Book, account: Account, refundedAtMs: number, policy: ReturnPolicy, points = 10): string[] => {
  const [lot] = [...(book.lots.get('ann')?.values() ?? [])];
  const earnId = present(lot, 'lot').id;
  const order: Order = {
    ...{
      orderId: 'o1',
      customerId: 'ann',
      occurredAtMs: START_MS,
      currency: 'EUR',
      totalMinor: 1_000,
      refundedMinor: 1_000,
    },
    ...{ pointsEarned: 10, pointsTakenBack: 0, earnId, lines: new Map() },
  };
  const refund: Refund = {
    ...{
      refundId: `r${book.transfers.length}`,
      customerId: 'ann',
      orderId: 'o1',
      scope: 'whole',
      currency: 'EUR',
      amountMinor: null,
      lines: [],
    },
    occurredAt: isoOf(refundedAtMs),
  };
  const dues = [{ ruleId: 'base', earnId, points }];
  const from = book.transfers.length;
  clawBack(
    book,
    account,
    refund,
    { order, amountMinor: 1_000, pointsDue: 10, dues, refundedMinor: 1_000, whole: true },
    policy,
  );
  assertBalanced(account);
  return book.transfers.slice(from).map(({ kind }) => kind);
};

test('points expire at their instant, not before', () => {
  const expired = (ms: number): number => {
    const given = earn({ expiresAtMs: DUE_MS });
    return expireDue(at(ms, given), given.account).length;
  };
  expect([expired(DUE_MS - 1), expired(DUE_MS)]).toEqual([0, 1]);
});

test('a refund at the very instant of expiry finds the points gone; one a millisecond earlier has them back and takes them', () => {
  const refunded = (refundedAtMs: number) => {
    const given = earn({ expiresAtMs: DUE_MS });
    const book = at(DUE_MS + 50, given);
    expireDue(book, given.account);
    const kinds = refundAt(book, given.account, refundedAtMs, 'allow_negative');
    const [lot] = [...(book.lots.get('ann')?.values() ?? [])];
    return [kinds, lot?.expired, lot?.waived, given.account.deficit];
  };
  expect(refunded(DUE_MS)).toEqual([[], 10, 10, 0]);
  expect(refunded(DUE_MS - 1)).toEqual([['expire_reversal', 'clawback'], 0, 0, 0]);
});

test('what had expired counts as taken back once', () => {
  const given = earn({ expiresAtMs: DUE_MS });
  debit(given.book, given.account, { kind: 'adjust', points: -6, occurredAt: START.toString(), naturalKey: ['x'] });
  const book = at(DUE_MS, given);
  expireDue(book, given.account);
  expect(refundAt(book, given.account, DUE_MS, 'allow_negative', 3)).toEqual([]);
  expect(refundAt(book, given.account, DUE_MS, 'allow_negative', 3)).toEqual(['clawback']);
  expect(given.account).toMatchObject({ expired: 4, deficit: 2 });
});

test('points become spendable at their instant, not before', () => {
  const settled = (ms: number): string[] => {
    const given = earn({ pendingUntilMs: DUE_MS });
    return settlePending(at(ms, given), given.account).map(({ kind }) => kind);
  };
  expect([settled(DUE_MS - 1), settled(DUE_MS)]).toEqual([[], ['activate']]);
});

test('what is spendable from this instant on pays off what is owed', () => {
  const owed = (ms: number): number => {
    const given = earn({ pendingUntilMs: DUE_MS });
    Object.assign(given.account, { deficit: 4, clawedBack: 4 });
    payOffByRipe(at(ms, given), given.account);
    return given.account.deficit;
  };
  expect([owed(DUE_MS - 1), owed(DUE_MS)]).toEqual([4, 0]);
});

test('only what was pending goes: at the instant at which points became spendable they were not any more', () => {
  const refunded = (refundedAtMs: number): string[] => {
    const given = earn({ pendingUntilMs: DUE_MS });
    const book = at(DUE_MS + 50, given);
    settlePending(book, given.account);
    return refundAt(book, given.account, refundedAtMs, 'only_pending');
  };
  expect([refunded(DUE_MS - 1), refunded(DUE_MS)]).toEqual([['clawback'], []]);
});

test('what an order earned awaits what is done with it; an award, what is done after it; both until they are lost', () => {
  const answered = (doneAtMs: number, orderId: string | null): number => {
    const given = earn({ pendingUntilMs: DUE_MS, awaits: 'visit' }, orderId);
    const visit = { type: 'visit', atMs: doneAtMs, orderId: null };
    const expiringOf = () => byProgramme(() => null, true);
    return activateAwaited(at(START_MS + 500, given), given.account, visit, expiringOf).length;
  };
  expect([START_MS - 1, START_MS, DUE_MS - 1, DUE_MS].map((ms) => answered(ms, 'o1'))).toEqual([0, 1, 1, 0]);
  expect([START_MS, START_MS + 1, DUE_MS - 1, DUE_MS].map((ms) => answered(ms, null))).toEqual([0, 1, 1, 0]);
});

test('what expires at the instant at which it is made spendable is not announced', () => {
  const noticed = (expiresAtMs: number) => {
    const given = earn({ pendingUntilMs: DUE_MS, awaits: 'visit' });
    const book = at(START_MS + 500, given);
    const visit = { type: 'visit', atMs: START_MS + 10, orderId: null };
    activateAwaited(book, given.account, visit, () => byProgramme(() => expiresAtMs, true));
    return [...(book.lots.get('ann')?.values() ?? [])][0]?.noticed;
  };
  expect([noticed(START_MS + 500), noticed(START_MS + 501)]).toEqual([true, false]);
});
