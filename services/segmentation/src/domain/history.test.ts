import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { day, lines, order, refund } from '../../test/orders.ts';
import { NOTHING_BOUGHT, withOrder } from './buying.ts';
import { tally } from './history.ts';
import { itemsOf } from './order.ts';
import type { Refund } from './refund.ts';

const TEA = order('tea', 1, 100, { tea: 2 });
const BOTH = order('both', 10, 300, { tea: 1, cup: 2 });

/** What refunds do to the two orders: which count no more, what is kept, what was paid back. */
const cases: [what: string, refunds: Refund[], voids: string[], items: number, refundedMinor: number][] = [
  ['no refund', [], [], 5, 0],
  ['one order whole', [refund('r', 20, { scope: 'whole', orderId: 'both' })], ['both'], 2, 300],
  [
    'whole after a part: only what is left',
    [refund('p', 20, { orderId: 'tea', amountMinor: 30 }), refund('r', 21, { scope: 'whole', orderId: 'tea' })],
    ['tea'],
    3,
    100,
  ],
  ['a part of the money', [refund('r', 20, { orderId: 'both', amountMinor: 299 })], [], 5, 299],
  ['all the money', [refund('r', 20, { orderId: 'tea', amountMinor: 100 })], ['tea'], 3, 100],
  [
    'all the money in two parts',
    [refund('a', 20, { orderId: 'tea', amountMinor: 40 }), refund('b', 21, { orderId: 'tea', amountMinor: 60 })],
    ['tea'],
    3,
    100,
  ],
  ['more than was paid', [refund('r', 20, { orderId: 'tea', amountMinor: 500 })], ['tea'], 3, 100],
  ['some lines', [refund('r', 20, { ...lines(['cup', 1, 120]), orderId: 'both' })], [], 4, 120],
  [
    'all lines, a fee is kept',
    [refund('r', 20, { ...lines(['cup', 2, 150], ['tea', 1, 40]), orderId: 'both' })],
    ['both'],
    2,
    190,
  ],
  ['more of a line than was bought', [refund('r', 20, { ...lines(['tea', 9, 60]), orderId: 'both' })], [], 4, 60],
  ['an order in another currency', [refund('r', 20, { orderId: 'tea', amountMinor: 100, currency: 'EUR' })], [], 5, 0],
  ['an order that has not arrived', [refund('r', 20, { orderId: 'unknown', amountMinor: 100 })], [], 5, 0],
  ['loose lines: the newest order with them', [refund('r', 20, lines(['tea', 1, 50]))], [], 4, 50],
  ['loose lines: the newest first, then the one before', [refund('r', 20, lines(['tea', 3, 150]))], ['tea'], 2, 150],
  ['loose lines older than the newest order', [refund('r', 5, lines(['tea', 2, 100]))], ['tea'], 3, 100],
  ['loose lines of nothing we know', [refund('r', 20, lines(['pot', 1, 70]))], [], 5, 70],
  ['loose lines before any order', [refund('r', 0, lines(['tea', 1, 50]))], [], 5, 50],
  ['loose money: the newest order first', [refund('r', 20, { amountMinor: 350 })], ['both'], 2, 350],
  ['loose money beyond all orders', [refund('r', 20, { amountMinor: 900 })], ['tea', 'both'], 0, 900],
];

test.each(cases)('%s', (_what, refunds, voids, items, refundedMinor) => {
  const { buying, balances, refundedMinor: refunded } = tally({ orders: [TEA, BOTH], refunds });
  expect([...balances].filter(([, { isVoid }]) => isVoid).map(([orderId]) => orderId)).toEqual(voids);
  expect(buying.orders).toBe(2 - voids.length);
  expect(buying.items).toBe(items);
  expect(refunded.get('IRR') ?? 0).toBe(refundedMinor);
});

describe('the order of happening decides, not that of arriving', () => {
  test('a first and last order are derived from what still counts', () => {
    const { buying } = tally({ orders: [BOTH, TEA], refunds: [refund('r', 20, { scope: 'whole', orderId: 'both' })] });
    expect(String(buying.lastOrderAt)).toBe(String(day(1)));
    expect(String(buying.firstOrderAt)).toBe(String(day(1)));
    expect(buying.previousOrderAt).toBeUndefined();
  });

  test('an order refunded by name is not given back once more by a loose refund after it', () => {
    const named = refund('a', 15, { scope: 'whole', orderId: 'both' });
    const loose = refund('b', 20, lines(['tea', 1, 50]));
    for (const refunds of [
      [named, loose],
      [loose, named],
    ]) {
      const { buying, balances, refundedMinor } = tally({ orders: [TEA, BOTH], refunds });
      expect(buying.items).toBe(1);
      expect(balances.get('tea')).toEqual({ refundedMinor: 50, isVoid: false });
      expect(refundedMinor.get('IRR')).toBe(350);
    }
  });

  test('statuses', () => {
    const { statuses } = tally({
      orders: [TEA],
      refunds: [
        refund('known', 2, { orderId: 'tea', amountMinor: 1 }),
        refund('early', 2, { orderId: 'later', amountMinor: 1 }),
        refund('foreign', 2, { orderId: 'tea', amountMinor: 1, currency: 'EUR' }),
        refund('loose', 2, { amountMinor: 1 }),
      ],
    });
    expect(Object.fromEntries(statuses)).toEqual({
      known: 'applied',
      early: 'waiting',
      foreign: 'mismatched',
      loose: 'applied',
    });
  });
});

test('orders without refunds just add up, in any order', () => {
  const someOrders = fc.array(
    fc.record({ onDay: fc.integer({ min: 0, max: 50 }), quantity: fc.integer({ min: 1, max: 5 }) }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(someOrders, (given) => {
      const orders = given.map(({ onDay, quantity }, i) => order(`o${i}`, onDay, 10, { tea: quantity }));
      const added = orders.reduce(
        (sum, each) => withOrder(sum, each.occurredAt, itemsOf(each.quantities)),
        NOTHING_BOUGHT,
      );
      const { buying } = tally({ orders, refunds: [] });
      expect(JSON.stringify(added)).toBe(JSON.stringify(buying));
    }),
  );
});
