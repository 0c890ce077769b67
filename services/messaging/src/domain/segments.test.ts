import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countSegments } from './segments.ts';

const a = (count: number) => 'a'.repeat(count);
const sin = (count: number) => 'س'.repeat(count);

describe('SMS segments', () => {
  test.each([
    ['', 'gsm7', 0, 1],
    [a(160), 'gsm7', 160, 1],
    [a(161), 'gsm7', 161, 2],
    [a(306), 'gsm7', 306, 2],
    [a(307), 'gsm7', 307, 3],
    [sin(70), 'ucs2', 70, 1],
    [sin(71), 'ucs2', 71, 2],
    [sin(134), 'ucs2', 134, 2],
    [sin(135), 'ucs2', 135, 3],
    // An escaped character takes two places and is not cut: 152 + € does not fit the first part.
    [`${a(159)}€`, 'gsm7', 161, 2],
    [`${a(152)}€${a(152)}`, 'gsm7', 306, 3],
    // A surrogate pair takes two places and is not cut.
    [`${sin(66)}😀${sin(66)}`, 'ucs2', 134, 3],
    ['سلام\u200cها', 'ucs2', 7, 1],
    ['قیمت 12,500 تومان', 'ucs2', 17, 1],
  ] as const)('%#', (text, encoding, units, segments) => {
    expect(countSegments(text)).toEqual({ encoding, units, segments });
  });

  const gsm = fc.string({
    unit: fc.constantFrom('a', 'Z', '9', ' ', '\n', 'é', '€', '[', '~'),
    maxLength: 700,
    size: 'max',
  });
  const any = fc.string({
    unit: fc.constantFrom('س', 'ی', 'a', ' ', '😀', '\u200c', '€'),
    maxLength: 400,
    size: 'max',
  });

  /** The definition, the slow way: places are laid out in a row, and a part ends before what would not fit. */
  const cut = (text: string, widthOf: (character: string) => number, single: number, part: number): number => {
    const places = [...text].flatMap((character) => (widthOf(character) === 2 ? ['first', 'second'] : ['only']));
    if (places.length <= single) return 1;
    let parts = 0;
    for (let start = 0; start < places.length; parts += 1) {
      const end = start + part;
      start = places[end] === 'second' ? end - 1 : end;
    }
    return parts;
  };

  test('laying the text out gives the same number', () => {
    fc.assert(
      fc.property(gsm, (text) => {
        expect(countSegments(text).segments).toBe(cut(text, (each) => (/[€[~]/.test(each) ? 2 : 1), 160, 153));
      }),
    );
    fc.assert(
      fc.property(any, (text) => {
        const persian = `${text}س`;
        expect(countSegments(persian).segments).toBe(cut(persian, ({ length }) => length, 70, 67));
      }),
    );
  });

  test('a longer text never has fewer segments, and never more than one more per character', () => {
    fc.assert(
      fc.property(fc.oneof(gsm, any), fc.constantFrom('a', '€', ' '), (text, more) => {
        const [before, after] = [countSegments(text), countSegments(text + more)];
        expect(after.segments - before.segments).toBeGreaterThanOrEqual(0);
        expect(after.segments - before.segments).toBeLessThanOrEqual(1);
      }),
    );
  });
});
