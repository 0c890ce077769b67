import { expect, test } from 'vitest';
import { day, order, refund } from '../../test/orders.ts';
import type { Customer } from './customer.ts';
import { prospect } from './customer.ts';
import { draftCustomer } from './customer-draft.ts';
import { FIRST_SETTINGS } from './thresholds.ts';

/** A till rather than a person: more orders than are looked back at. */
const TILL: Customer = {
  ...prospect('c1', day(0), 0),
  buying: { orders: 5_000, items: 9_000, firstOrderAt: day(0), previousOrderAt: day(99), lastOrderAt: day(100) },
};
const newest = [
  order('last', 100, 50, { tea: 2 }),
  order('before', 99, 70, { tea: 1 }),
  order('older', 98, 10, { tea: 3 }),
];

test('of more orders than are looked back at, the difference counts', () => {
  const draft = draftCustomer(TILL, { orders: newest, refunds: [], complete: false }, [FIRST_SETTINGS]);
  draft.addRefund(refund('r', 101, { scope: 'whole', orderId: 'last' }));
  const { orders, items, firstOrderAt, previousOrderAt, lastOrderAt } = draft.customer.buying;
  expect([orders, items]).toEqual([4_999, 8_998]);
  expect([firstOrderAt, previousOrderAt, lastOrderAt].map(String)).toEqual([day(0), day(98), day(99)].map(String));
  expect(draft.spend()).toEqual([{ currency: 'IRR', grossMinor: 0, refundedMinor: 50 }]);
  expect(draft.changedBalances()).toEqual([['last', { refundedMinor: 50, isVoid: true }]]);
});

test('a refund without the history is our own mistake', () => {
  const draft = draftCustomer(TILL, undefined, [FIRST_SETTINGS]);
  expect(() => draft.addRefund(refund('r', 101, { amountMinor: 1 }))).toThrow('was loaded');
});
