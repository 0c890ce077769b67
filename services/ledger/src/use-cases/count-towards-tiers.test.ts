import { expect, test } from 'vitest';
import type { Order, Refund } from '../domain/order.ts';
import type { NewPurchase } from '../domain/plan.ts';
import { newRefundCase, type RefundCase } from '../domain/refund-case.ts';
import { countPurchases, countRefunds } from './count-towards-tiers.ts';

const AT = Date.parse('2026-11-21T08:00:00Z');

const order = (orderId: string, changes: Partial<Order> = {}): Order => ({
  orderId,
  customerId: 'ann',
  occurredAtMs: AT,
  currency: 'EUR',
  totalMinor: 1_000,
  refundedMinor: 0,
  pointsEarned: 10,
  pointsTakenBack: 0,
  earnId: null,
  lines: new Map(),
  ...changes,
});

const refunded = (changed: Order, amountMinor: number, pointsDue: number, whole = false): RefundCase => ({
  ...newRefundCase({ refundId: 'r' } as Refund),
  status: 'applied',
  matching: {
    matches: [{ order: changed, amountMinor, pointsDue, dues: [], refundedMinor: changed.refundedMinor, whole }],
    matchedMinor: amountMinor,
    unmatchedMinor: 0,
  },
});

const purchase = (changes: Partial<Order>): NewPurchase => ({
  order: order('o', changes),
  occurredAt: '2026-11-21T08:00:00Z',
  entries: [],
  programmeVersion: 1,
});

const amounts = (counted: readonly { amount: number }[]): number[] => counted.map(({ amount }) => amount);

test.each([
  [{ kind: 'points_earned' }, {}, [10]],
  [{ kind: 'points_earned' }, { pointsEarned: 0 }, []],
  [{ kind: 'orders' }, { pointsEarned: 0, totalMinor: 0 }, [1]],
  [{ kind: 'spend', currency: 'EUR' }, {}, [1_000]],
  [{ kind: 'spend', currency: 'IRR' }, {}, []],
  [{ kind: 'spend', currency: 'EUR' }, { totalMinor: 0 }, []],
] as const)('%j: an order counts', (metric, changes, expected) => {
  expect(amounts(countPurchases(metric, [purchase(changes)]))).toEqual(expected);
});

test.each([
  [{ kind: 'points_earned' }, [-4]],
  [{ kind: 'orders' }, []],
  [{ kind: 'spend', currency: 'EUR' }, [-400]],
  [{ kind: 'spend', currency: 'IRR' }, []],
] as const)('%j: a part is refunded', (metric, expected) => {
  expect(amounts(countRefunds(metric, [refunded(order('o', { refundedMinor: 400 }), 400, 4)]))).toEqual(expected);
});

test('an order does not count any more once all of it was refunded, by however many refunds at once', () => {
  const whole = order('o', { refundedMinor: 1_000 });
  const metric = { kind: 'orders' } as const;
  expect(countRefunds(metric, [refunded(whole, 400, 4), refunded(whole, 600, 6)])).toEqual([
    { customerId: 'ann', atMs: AT, amount: -1 },
  ]);
  // One that had nothing left to refund changes nothing.
  expect(countRefunds(metric, [refunded(whole, 0, 0)])).toEqual([]);
});

test('an order of total 0 does not count any more once it was refunded as a whole, unless it was before', () => {
  const free = order('o', { totalMinor: 0 });
  const metric = { kind: 'orders' } as const;
  const wholly = refunded(free, 0, 0, true);
  expect(countRefunds(metric, [refunded(free, 0, 0)])).toEqual([]);
  expect(countRefunds(metric, [refunded(free, 0, 0), wholly, wholly])).toEqual([
    { customerId: 'ann', atMs: AT, amount: -1 },
  ]);
  expect(countRefunds(metric, [wholly], new Set(['o']))).toEqual([]);
  expect(countRefunds({ kind: 'spend', currency: 'EUR' }, [wholly])).toEqual([]);
});

test('a refund that was refused or waits counts nothing', () => {
  const waiting = { ...refunded(order('o', { refundedMinor: 400 }), 400, 4), status: 'waiting' as const };
  expect(countRefunds({ kind: 'points_earned' }, [waiting])).toEqual([]);
});
