import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesBySku } from './order.ts';
import { detailsOf, pastOrderOf } from './order-details.ts';

const line = (sku: string, more: object = {}) => ({ sku, quantity: 1, amountMinor: 100, ...more });

test('an order comes back as the rules saw it, lines of one sku as one', () => {
  const lines = [
    line('x', { category: 'tea', labels: ['green'] }),
    line('y'),
    line('x', { category: 'other', quantity: 2, amountMinor: 150 }),
    line('__proto__', { brand: 'b' }),
  ];
  const order = { currency: 'EUR', totalMinor: 450, lines: linesBySku(lines) };
  expect(pastOrderOf(order, detailsOf({ store: 's1', channel: 'web', lines }))).toEqual({
    currency: 'EUR',
    totalMinor: 450,
    store: 's1',
    channel: 'web',
    lines: [
      { sku: 'x', quantity: 3, amountMinor: 250, category: 'tea', labels: ['green'] },
      { sku: 'y', quantity: 1, amountMinor: 100 },
      { sku: '__proto__', quantity: 1, amountMinor: 100, brand: 'b' },
    ],
  });
});

test('where nothing was said nothing is kept, and nothing is made up', () => {
  const lines = [line('x')];
  expect(detailsOf({ lines })).toBeNull();
  const order = { currency: 'EUR', totalMinor: 100, lines: linesBySku(lines) };
  expect(pastOrderOf(order, null)).toEqual({ currency: 'EUR', totalMinor: 100, lines: [line('x')] });
});

test('whatever the words are, they come back, and Postgres can keep the text', () => {
  const word = fc.oneof(
    fc.string({ minLength: 1, maxLength: 5 }),
    fc.constantFrom('\u001d', 'a\u001fb', '\u001e', '{', '{"a":1}', '\u0000', 'چای'),
  );
  const sent = fc.record(
    {
      store: word,
      channel: word,
      lines: fc.uniqueArray(
        fc.record(
          {
            sku: fc.constantFrom('a', 'b', 'c', '{'),
            category: word,
            brand: word,
            labels: fc.array(word, { minLength: 1, maxLength: 3 }),
          },
          { requiredKeys: ['sku'] },
        ),
        { selector: ({ sku }) => sku, maxLength: 4 },
      ),
    },
    { requiredKeys: ['lines'] },
  );
  fc.assert(
    fc.property(sent, ({ lines: drawn, ...rest }) => {
      const lines = drawn.map((each) => ({ ...each, quantity: 1, amountMinor: 5 }));
      const order = { currency: 'EUR', totalMinor: 5, lines: linesBySku(lines) };
      const details = detailsOf({ ...rest, lines });
      expect(details ?? '').not.toContain('\u0000');
      expect(pastOrderOf(order, details)).toEqual({ currency: 'EUR', totalMinor: 5, ...rest, lines });
    }),
    { numRuns: 2_000 },
  );
});
