import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyAccount } from './account.ts';
import { addAccounts, createBook } from './book.ts';
import { credit } from './credit.ts';
import { giveBackSpent, type Payment, pointsGivenBack, pointsGivenBackLate } from './give-back.ts';
import type { Order, Refund } from './order.ts';
import { capture, hold } from './reservation.ts';
import { atOnce } from './terms.ts';

const part = (totalMinor: number, before: number, amountMinor: number, whole = false) => ({
  order: { totalMinor },
  amountMinor,
  refundedMinor: before + amountMinor,
  whole,
});

test('none gives nothing, all gives everything once the order is refunded to the last', () => {
  expect(pointsGivenBack('none', 50, 0, part(1_000, 0, 1_000, true))).toBe(0);
  expect(pointsGivenBack('all', 50, 0, part(1_000, 0, 999))).toBe(0);
  expect(pointsGivenBack('all', 50, 0, part(1_000, 999, 1))).toBe(50);
  expect(pointsGivenBack('all', 50, 20, part(1_000, 0, 1_000, true))).toBe(30);
});

test('an order paid with points alone is given back as a whole only', () => {
  for (const rule of ['all', 'proportional'] as const) {
    expect(pointsGivenBack(rule, 50, 0, part(0, 0, 0))).toBe(0);
    expect(pointsGivenBack(rule, 50, 0, part(0, 0, 0, true))).toBe(50);
  }
});

test('proportional parts add up to the whole, whatever the parts are', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 100_000 }),
      fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 8 }),
      (totalMinor, paid, amounts) => {
        let before = 0;
        let given = 0;
        for (const amount of [...amounts, totalMinor]) {
          const amountMinor = Math.min(amount, totalMinor - before);
          const points = pointsGivenBack('proportional', paid, given, part(totalMinor, before, amountMinor));
          expect(points).toBeGreaterThanOrEqual(0);
          given += points;
          before += amountMinor;
          expect(given).toBe(Math.floor((paid * before) / totalMinor));
        }
        expect(given).toBe(paid);
      },
    ),
  );
});

test('captured after refunds it comes to the same as captured before them', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('none' as const, 'all' as const, 'proportional' as const),
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 0, max: 10_000 }),
      fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 5 }),
      fc.nat(4),
      (rule, totalMinor, refunded, payments, late) => {
        const refundedMinor = Math.min(refunded, totalMinor);
        const sum = (some: readonly number[]): number => some.reduce((all, each) => all + each, 0);
        const atOnce = pointsGivenBack(rule, sum(payments), 0, part(totalMinor, 0, refundedMinor));
        const early = payments.slice(0, late);
        let given = pointsGivenBack(rule, sum(early), 0, part(totalMinor, 0, refundedMinor));
        payments.slice(late).forEach((now, i) => {
          const before = sum(payments.slice(0, late + i));
          given += pointsGivenBackLate(rule, { before, now }, { totalMinor, refundedMinor }, false);
        });
        expect(given).toBe(atOnce);
      },
    ),
  );
  for (const rule of ['all', 'proportional'] as const) {
    const free = { totalMinor: 0, refundedMinor: 0 };
    expect(pointsGivenBackLate(rule, { before: 3, now: 7 }, free, true)).toBe(7);
    expect(pointsGivenBackLate(rule, { before: 3, now: 7 }, free, false)).toBe(0);
  }
});

test("of several payments of an order the oldest comes back first; other customers' and other orders' do not", () => {
  const now = Temporal.Instant.from('2026-01-01T00:00:00Z');
  const occurredAt = now.toString();
  const book = createBook('api', now);
  const [ann, bob] = [emptyAccount('ann'), emptyAccount('bob')];
  addAccounts(book, [ann, bob]);
  const never = atOnce({ expiresAtMs: null, sliding: 'always' });
  for (const account of [ann, bob])
    credit(book, account, { kind: 'earn', points: 50, occurredAt, naturalKey: [account.customerId] }, never);
  const pay = (account: typeof ann, reservationId: string, orderId: string, capturedAtMs: number): Payment => {
    const { customerId } = account;
    const expiresAtMs = now.epochMilliseconds + 1;
    const reservation = { id: reservationId, customerId, points: 10, captured: 0, orderId, expiresAtMs };
    const allocations = hold(book, account, reservation);
    capture(book, account, { ...reservation, status: 'held' }, allocations, 10, { occurredAt, actor: 'test' });
    return { reservationId, customerId, orderId, captured: 10, givenBack: 0, capturedAtMs, allocations };
  };
  const payments = [
    pay(ann, 'late', 'o1', 3_000),
    pay(ann, 'early', 'o1', 1_000),
    pay(bob, 'bobs', 'o1', 500),
    pay(ann, 'else', 'o2', 600),
  ];
  const order: Order = {
    ...{ orderId: 'o1', customerId: 'ann', occurredAtMs: 0, currency: 'EUR', totalMinor: 100, refundedMinor: 75 },
    ...{ pointsEarned: 0, pointsTakenBack: 0, earnId: null, lines: new Map() },
  };
  const refund: Refund = {
    ...{
      refundId: 'r1',
      customerId: 'ann',
      orderId: 'o1',
      scope: 'amount',
      currency: 'EUR',
      amountMinor: 75,
      lines: [],
    },
    occurredAt,
  };
  const match = { order, amountMinor: 75, pointsDue: 0, dues: [], refundedMinor: 75, whole: false };
  expect(giveBackSpent(book, ann, refund, match, payments, 'proportional')).toBe(15);
  expect(payments.map(({ reservationId, givenBack }) => [reservationId, givenBack])).toEqual([
    ['late', 5],
    ['early', 10],
    ['bobs', 0],
    ['else', 0],
  ]);
  expect([ann.active, bob.active]).toEqual([35, 40]);
});
