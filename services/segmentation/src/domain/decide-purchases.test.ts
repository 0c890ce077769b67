import { event, PurchaseCompleted, PurchaseRefunded } from '@vafa/contracts';
import { describe, expect, test } from 'vitest';
import type { Book } from './book.ts';
import { prospect } from './customer.ts';
import { decidePurchases, type PurchaseEvent } from './decide-purchases.ts';
import { FIRST_SETTINGS } from './thresholds.ts';

const TIME = '2026-11-21T08:00:00Z';
const line = { sku: 'tea', quantity: 2, amountMinor: 100 };

const bought = (orderId: string, customerId = 'c1', totalMinor = 100): PurchaseEvent =>
  event(
    PurchaseCompleted,
    { id: `e-${orderId}`, source: '/shop', time: TIME },
    { customerId, orderId, currency: 'IRR', totalMinor, lines: [line] },
  );
const refunded = (refundId: string, fields: Partial<PurchaseEvent['data']> & { scope: 'whole' | 'amount' | 'lines' }) =>
  event(PurchaseRefunded, { id: `e-${refundId}`, source: '/shop', time: TIME }, {
    customerId: 'c1',
    refundId,
    currency: 'IRR',
    ...fields,
  } as never) as PurchaseEvent;

const START = Temporal.Instant.from(TIME);
const bookOf = (fields: Partial<Book> = {}): Book => ({
  settings: [FIRST_SETTINGS],
  customers: new Map(['c1', 'c2'].map((id) => [id, prospect(id, START, 0)])),
  erasedAt: new Map(),
  orders: new Map(),
  refunds: new Map(),
  histories: new Map([['c1', { orders: [], refunds: [], complete: true }]]),
  ...fields,
});
const codesOf = (events: PurchaseEvent[], book = bookOf()): string[] =>
  decidePurchases(book, events).refused.map(({ error }) => error.code);

describe('repeats', () => {
  test('of a purchase count once, within a batch and later', () => {
    const decision = decidePurchases(bookOf(), [bought('o1'), bought('o1')]);
    expect(decision.newOrders).toHaveLength(1);
    expect(decision.customers[0]?.buying.orders).toBe(1);
    expect(decision.spend).toEqual([{ customerId: 'c1', currency: 'IRR', grossMinor: 100, refundedMinor: 0 }]);
    const known = bookOf({ orders: new Map([['o1', decision.newOrders[0]?.order as never]]) });
    expect(decidePurchases(known, [bought('o1')])).toMatchObject({
      newOrders: [],
      customers: [],
      changes: [],
      refused: [],
    });
  });

  test('of a refund count once', () => {
    const refund = refunded('r1', { scope: 'amount', orderId: 'o1', amountMinor: 30 } as never);
    const decision = decidePurchases(bookOf(), [bought('o1'), refund, refund]);
    expect(decision.spend).toEqual([{ customerId: 'c1', currency: 'IRR', grossMinor: 100, refundedMinor: 30 }]);
  });

  test('with other content are refused, the first stays', () => {
    expect(codesOf([bought('o1'), bought('o1', 'c1', 99)])).toEqual(['segmentation.order_conflict']);
    expect(codesOf([bought('o1'), bought('o1', 'c2')])).toEqual(['segmentation.order_conflict']);
    const conflicting = [
      refunded('r1', { scope: 'whole', orderId: 'o1' } as never),
      refunded('r1', { scope: 'whole', orderId: 'o2' } as never),
    ];
    expect(codesOf(conflicting)).toEqual(['segmentation.refund_conflict']);
  });
});

describe('refunds that can never work are refused, the rest of the batch goes on', () => {
  test.each([
    ['whole without order', { scope: 'whole' }, 'segmentation.refund_incomplete'],
    ['amount without amount', { scope: 'amount', orderId: 'o1' }, 'segmentation.refund_incomplete'],
    ['lines without lines', { scope: 'lines', orderId: 'o1' }, 'segmentation.refund_incomplete'],
    ['another currency', { scope: 'whole', orderId: 'o1', currency: 'EUR' }, 'segmentation.refund_currency_mismatch'],
    ["another customer's order", { scope: 'whole', orderId: 'o2' }, 'segmentation.refund_of_other_customer'],
    [
      'lines beyond exact numbers',
      { scope: 'lines', lines: Array.from({ length: 10 }, () => ({ ...line, amountMinor: 1e15 })) },
      'segmentation.amount_too_large',
    ],
  ])('%s', (_what, fields, code) => {
    const events = [bought('o1'), bought('o2', 'c2'), refunded('r1', fields as never), bought('o3')];
    const decision = decidePurchases(bookOf(), events);
    expect(decision.refused.map(({ error }) => error.code)).toEqual([code]);
    expect(decision.refused[0]?.event).toBe(events[2]);
    expect(decision.newOrders).toHaveLength(3);
    expect(decision.newRefunds).toHaveLength(0);
  });
});

test('a refund before its purchase waits, and is applied when the purchase comes', () => {
  const whole = refunded('r1', { scope: 'whole', orderId: 'o1' } as never);
  const first = decidePurchases(bookOf(), [whole]);
  expect(first.newRefunds).toMatchObject([{ status: 'waiting' }]);
  const waiting = first.newRefunds.map(({ refund }) => refund);
  const book = bookOf({ histories: new Map([['c1', { orders: [], refunds: waiting, complete: true }]]) });
  const then = decidePurchases(book, [bought('o1')]);
  expect(then.changedStatuses).toEqual([['r1', 'applied']]);
  expect(then.newOrders).toMatchObject([{ balance: { refundedMinor: 100, isVoid: true } }]);
  expect(then.customers[0]).toMatchObject({ buying: { orders: 0 }, standing: { state: 'prospect' } });
  expect(then.changes).toEqual([]);
});

test('what happened before a customer was erased is not taken up again', () => {
  const erasedAt = new Map([['c1', START]]);
  expect(decidePurchases(bookOf({ erasedAt }), [bought('o1')])).toMatchObject({ newOrders: [], customers: [] });
  const forgotten = new Map([['c2', prospect('c2', START, 0)]]);
  expect(decidePurchases(bookOf({ customers: forgotten }), [bought('o1')])).toMatchObject({
    newOrders: [],
    refused: [],
  });
});

test("a refund of an erased customer's order counts for nobody", () => {
  const orders = new Map([['o1', { contentHash: 'x', customerId: null, currency: 'IRR' }]]);
  const decision = decidePurchases(bookOf({ orders }), [refunded('r1', { scope: 'whole', orderId: 'o1' } as never)]);
  expect(decision).toMatchObject({ newRefunds: [], customers: [], refused: [] });
});

test('two ids of one customer are one', () => {
  const customer = prospect('c1', START, 0);
  const book = bookOf({
    customers: new Map([
      ['c1', customer],
      ['old', customer],
    ]),
  });
  const decision = decidePurchases(book, [bought('o1'), bought('o2', 'old')]);
  expect(decision.customers).toHaveLength(1);
  expect(decision.customers[0]).toMatchObject({ customerId: 'c1', buying: { orders: 2 } });
  expect(decision.changes.map(({ change }) => change.to)).toEqual(['new', 'active']);
});
