import { expect, test } from 'vitest';
import { day, lines, order, refund } from '../../test/orders.ts';
import type { LoadedHistory } from './book.ts';
import { prospect } from './customer.ts';
import { draftCustomer } from './customer-draft.ts';
import { mergeCustomers } from './merge-customers.ts';
import { FIRST_SETTINGS, type Settings } from './thresholds.ts';

const SETTINGS: Settings = [FIRST_SETTINGS];

/** A customer as these orders and refunds made it. */
const sideOf = (customerId: string, history: Omit<LoadedHistory, 'complete'>, complete = true) => {
  const nothing = { orders: [], refunds: [], complete: true };
  const draft = draftCustomer(prospect(customerId, day(0), 0), nothing, SETTINGS);
  for (const each of history.orders) draft.addOrder(each);
  for (const each of history.refunds) draft.addRefund(each);
  return { customer: draft.customer, history: { ...history, complete } };
};

test('a loose refund of one finds the order of the other, which its own refund then gives back less of', () => {
  const from = sideOf('old', {
    orders: [],
    refunds: [refund('loose', 2, { ...lines(['tea', 1, 50]), customerId: 'old' })],
  });
  const whole = refund('whole', 3, { scope: 'whole', orderId: 'tea' });
  const into = sideOf('c1', { orders: [order('tea', 1, 100, { tea: 2 })], refunds: [whole] });
  const merged = mergeCustomers(from, into, SETTINGS, day(4));
  expect(merged.spend).toEqual([{ currency: 'IRR', grossMinor: 0, refundedMinor: -50 }]);
  expect(merged.customer).toMatchObject({ customerId: 'c1', buying: { orders: 0 }, standing: { state: 'prospect' } });
  expect(String(merged.customer.looseRefundAt)).toBe(String(day(2)));
});

test('a refund that waited finds its order', () => {
  const waiting = refund('r', 2, { scope: 'whole', orderId: 'tea', customerId: 'old' });
  const from = sideOf('old', { orders: [], refunds: [waiting] });
  const into = sideOf('c1', {
    orders: [order('tea', 1, 100, { tea: 2 }), order('cup', 3, 10, { cup: 1 })],
    refunds: [],
  });
  const merged = mergeCustomers(from, into, SETTINGS, day(4));
  expect(merged.changedStatuses).toEqual([['r', 'applied']]);
  expect(merged.changedBalances).toEqual([['tea', { refundedMinor: 100, isVoid: true }]]);
  expect(merged.changes.map(({ from: left, to, at }) => `${left} → ${to} ${at}`)).toEqual([`active → new ${day(4)}`]);
});

test('of records with more orders than are looked back at, the sums are added', () => {
  const from = sideOf('old', { orders: [order('a', 1, 100, { tea: 1 }, 'old')], refunds: [] });
  const into = sideOf(
    'c1',
    { orders: [order('b', 2, 100, { tea: 1 }), order('c', 9, 1, { tea: 1 })], refunds: [] },
    false,
  );
  const { customer, spend, changedBalances } = mergeCustomers(from, into, SETTINGS, day(10));
  expect(customer.buying).toMatchObject({ orders: 3, items: 3 });
  const { firstOrderAt, previousOrderAt, lastOrderAt } = customer.buying;
  expect([firstOrderAt, previousOrderAt, lastOrderAt].map(String)).toEqual([day(1), day(2), day(9)].map(String));
  expect([spend, changedBalances]).toEqual([[], []]);
});

test('what is told of the lifecycle comes after all that was told of either', () => {
  const from = sideOf('old', { orders: [order('a', 8, 100, { tea: 1 }, 'old')], refunds: [] });
  const into = sideOf('c1', { orders: [order('b', 2, 100, { tea: 1 })], refunds: [] });
  const { changes } = mergeCustomers(from, into, SETTINGS, day(5));
  expect(changes).toMatchObject([{ from: 'new', to: 'active', cause: 'merge', orders: 2 }]);
  expect(String(changes[0]?.at)).toBe(String(day(8)));
});
