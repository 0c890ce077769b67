import { describe, expect, it } from 'vitest';
import { costOfRial, segmentsOf } from './segments.ts';

describe('segmentsOf', () => {
  it.each([
    ['a'.repeat(160), 'gsm7', 1],
    ['a'.repeat(161), 'gsm7', 2],
    ['a'.repeat(306), 'gsm7', 2],
    ['a'.repeat(307), 'gsm7', 3],
    ['€'.repeat(80), 'gsm7', 1],
    ['€'.repeat(81), 'gsm7', 2],
    // 153 is odd: the two septets of the 77th € move to the second part together.
    [`${'€'.repeat(76)}a${'€'.repeat(76)}a`, 'gsm7', 2],
    ['€'.repeat(153), 'gsm7', 3],
    ['س'.repeat(70), 'ucs2', 1],
    ['س'.repeat(71), 'ucs2', 2],
    ['س'.repeat(134), 'ucs2', 2],
    ['س'.repeat(135), 'ucs2', 3],
    // The 34th emoji would be cut in two by the 67th unit, so 33 fit a part.
    ['🎁'.repeat(66), 'ucs2', 2],
    ['🎁'.repeat(67), 'ucs2', 3],
  ] as const)('counts %#', (text, encoding, parts) => {
    expect(segmentsOf(text)).toEqual({ encoding, parts });
  });

  it('prices a Latin part at 2.4 times a Persian one', () => {
    expect(costOfRial({ encoding: 'gsm7', parts: 2 })).toBe(7_200);
    expect(costOfRial({ encoding: 'ucs2', parts: 2 })).toBe(3_000);
  });
});
