import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newestByCategory } from './purchases.ts';

const at = (hour: number) => Temporal.Instant.from('2026-11-21T00:00:00Z').add({ hours: hour });
const bought = (customerId: string, orderId: string, hour: number, ...categories: (string | undefined)[]) => ({
  customerId,
  orderId,
  at: at(hour),
  lines: categories.map((category, i) => ({ sku: `${orderId}-${i}`, ...(category === undefined ? {} : { category }) })),
});

it('takes the newest per customer and category, whatever else is bought', () => {
  const found = newestByCategory(
    [
      bought('c1', 'A', 1, 'coffee', 'tea', undefined),
      bought('c1', 'B', 3, 'coffee', 'coffee'),
      bought('c1', 'C', 2, 'coffee'),
      bought('c2', 'D', 0, 'coffee', 'shoes'),
    ],
    new Set(['coffee', 'tea']),
  );
  expect(found.map(({ customerId, category, orderId, sku }) => [customerId, category, orderId, sku])).toEqual([
    ['c1', 'coffee', 'B', 'B-0'],
    ['c1', 'tea', 'A', 'A-1'],
    ['c2', 'coffee', 'D', 'D-0'],
  ]);
});

it('ends the same in whatever order purchases are told', () => {
  const purchase = fc.record({ order: fc.constantFrom('A', 'B', 'C'), hour: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(purchase, { minLength: 1, maxLength: 8 }), (list) => {
      const all = list.map(({ order, hour }) => bought('c1', order, hour, 'coffee'));
      const winner = (given: typeof all) =>
        newestByCategory(given, new Set(['coffee'])).map(({ orderId, at: when }) => [orderId, when.toString()]);
      expect(winner(all.toReversed())).toEqual(winner(all));
    }),
  );
});
