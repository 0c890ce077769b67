import fc from 'fast-check';
import { expect, test } from 'vitest';
import { faultPositionOf } from './fault-position.ts';

test.each([
  ['{"a":1,}', 7],
  ['{"phone":"09121234567", "b":xx}', 28],
  ['{"a":', 5],
  ['', 0],
  ['[1,2,,3]', 5],
  ['{"a" 1}', 5],
  ['nul', 3],
  ['{"a":"x\ny"}', 7],
  ['{"a":1} trailing', 8],
  ['{"a":-}', 6],
])('%j goes wrong at %i', (text, position) => {
  expect(faultPositionOf(text)?.position).toBe(position);
});

test('line and column are counted from 1', () => {
  expect(faultPositionOf('{\n  "a": 1,\n  "b": ?\n}')).toEqual({ position: 19, line: 3, column: 8 });
});

test('sound JSON has no fault', () => {
  fc.assert(fc.property(fc.json(), (text) => faultPositionOf(text) === undefined));
});

test('a control character put between the tokens of any document is found where it stands', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.nat(), (numbers, at) => {
      const parts = numbers.map(String);
      const index = at % parts.length;
      const before = `[${parts
        .slice(0, index)
        .map((part) => `${part},`)
        .join('')}`;
      const text = `${before}\u0001${parts.slice(index).join(',')}]`;
      expect(faultPositionOf(text)?.position).toBe(before.length);
    }),
  );
});
