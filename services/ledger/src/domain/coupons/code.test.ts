import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALPHABET, checkCharacterOf, isChecked, MAX_CHECKED } from './check-character.ts';
import {
  capacityOf,
  displayOf,
  drawCode,
  isCode,
  isMistyped,
  normaliseCode,
  type Random,
  readPattern,
  requireCapacity,
  showCode,
} from './code.ts';

const body = fc
  .array(fc.constantFrom(...ALPHABET), { minLength: 1, maxLength: MAX_CHECKED - 1 })
  .map((all) => all.join(''));
const random = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })).map(
  (stream): Random =>
    (below) =>
      Math.floor((stream.next().value as number) * below),
);

test('no two characters of the alphabet look alike, and it has a prime number of them', () => {
  for (const group of ['0ODQ', '1IL', '5S', '2Z', '8B', '6G', 'UV'])
    expect([...group].filter((character) => ALPHABET.includes(character)).length).toBeLessThanOrEqual(1);
  expect(ALPHABET).not.toMatch(/[AEIOU]/);
  expect(new Set(ALPHABET).size).toBe(19);
});

test('the check character catches every substitution of one character', () => {
  fc.assert(
    fc.property(body, fc.nat(), fc.constantFrom(...ALPHABET), (drawn, at, other) => {
      const code = drawn + checkCharacterOf(drawn);
      expect(isChecked(code)).toBe(true);
      const place = at % code.length;
      fc.pre(code[place] !== other);
      expect(isChecked(code.slice(0, place) + other + code.slice(place + 1))).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

test('the check character catches every swap of two characters, next to each other or not', () => {
  fc.assert(
    fc.property(body, fc.nat(), fc.nat(), (drawn, one, two) => {
      const code = [...drawn, checkCharacterOf(drawn)];
      const [i, j] = [one % code.length, two % code.length];
      fc.pre(code[i] !== code[j]);
      const swapped = code.with(i, code[j] as string).with(j, code[i] as string);
      expect(isChecked(swapped.join(''))).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

test('every swap of neighbours in the longest code is caught, the one Luhn misses included', () => {
  for (let place = 0; place < MAX_CHECKED - 1; place++)
    for (const a of ALPHABET)
      for (const b of ALPHABET) {
        if (a === b) continue;
        const pair = '3'.repeat(place) + a + b + '3'.repeat(MAX_CHECKED - 2 - place);
        const drawn = pair.slice(0, MAX_CHECKED - 1);
        const code = [...drawn, checkCharacterOf(drawn)];
        if (code[place] === code[place + 1]) continue;
        const swapped = code.with(place, code[place + 1] as string).with(place + 1, code[place] as string);
        expect(isChecked(swapped.join(''))).toBe(false);
      }
});

test('what is typed is compared without case, hyphens, blanks, and with digits of any of the three scripts', () => {
  expect(normaliseCode(' vafa-۳۴۶۷-cfhj ')).toBe('VAFA3467CFHJ');
  expect(normaliseCode('VAFA–٣٤٦٧—CFHJ')).toBe('VAFA3467CFHJ');
  expect(normaliseCode('ＶＡＦＡ\u200c3467\u200fcf hj')).toBe('VAFA3467CFHJ');
  expect(isCode('VAFA3467')).toBe(true);
  for (const bad of ['VAF', 'V'.repeat(33), 'VAFÄ1', 'VAFA_1', '']) expect(isCode(bad)).toBe(false);
});

test('patterns are read, or refused with what is wrong', () => {
  expect(readPattern('VAFA-####-####')).toEqual({ text: 'VAFA-####-####', prefix: 'VAFA', length: 12, drawn: 7 });
  for (const bad of [
    'VAFA',
    'VAFA-##-X',
    'vafa-####',
    'AB-#',
    'ABCD-#',
    '#'.repeat(19),
    `${'A'.repeat(31)}##`,
    'X_####',
  ])
    expect(() => readPattern(bad)).toThrow(expect.objectContaining({ code: 'ledger.invalid_code_pattern' }));
});

test('drawn codes fit their pattern, check out, and are shown with its hyphens', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('VAFA-####-####', '####', 'A#B#C###', '######-######-######', 'X-###########-####'),
      random,
      (text, draw) => {
        const pattern = readPattern(text);
        const code = drawCode(pattern, draw);
        expect(isCode(code)).toBe(true);
        expect(code).toHaveLength(pattern.length);
        expect(isMistyped(pattern, code)).toBe(false);
        const shown = showCode(pattern, code);
        expect(shown).toMatch(new RegExp(`^${text.replaceAll('#', `[${ALPHABET}]`)}$`));
        expect(normaliseCode(shown)).toBe(code);
      },
    ),
  );
});

test('each character of a draw is as likely as any other', () => {
  const pattern = readPattern('AB###');
  const seen = new Set<string>();
  let next = 0;
  for (let i = 0; i < 19 ** 2; i++) seen.add(drawCode(pattern, () => next++));
  expect(seen.size).toBe(19 ** 2);
});

test('a mistyped code is told from one that is not of the pattern', () => {
  const pattern = readPattern('VAFA-####-####');
  const code = drawCode(pattern, () => 123_456_789);
  const wrong = code[6] === '3' ? '4' : '3';
  expect(isMistyped(pattern, code.slice(0, 6) + wrong + code.slice(7))).toBe(true);
  expect(isMistyped(pattern, `${code.slice(0, 6)}0${code.slice(7)}`)).toBe(true);
  expect(isMistyped(pattern, code.replace('VAFA', 'VAFB'))).toBe(false);
  expect(isMistyped(pattern, code.slice(0, -1))).toBe(false);
  // What stands between what is drawn may be mistyped, too.
  const broken = readPattern('A##-B##');
  const right = drawCode(broken, () => 7);
  expect(isMistyped(broken, right)).toBe(false);
  expect(isMistyped(broken, right.replace('B', 'C'))).toBe(true);
});

test('a pool whose codes could be guessed is refused, and told how long they must be', () => {
  const short = readPattern('VAFA-####-####');
  expect(capacityOf(short)).toBe(Math.floor(19 ** 7 / 2 ** 20));
  requireCapacity(short, 852);
  expect(() => requireCapacity(short, 853)).toThrow(expect.objectContaining({ code: 'ledger.codes_guessable' }));
  try {
    requireCapacity(short, 1_000_000);
    expect.unreachable();
  } catch (error) {
    const { placesNeeded } = (error as { details: { placesNeeded: number } }).details;
    requireCapacity(readPattern('#'.repeat(placesNeeded)), 1_000_000);
    expect(() => requireCapacity(readPattern('#'.repeat(placesNeeded - 1)), 1_000_000)).toThrow();
  }
});

test('codes are shown as uploaded, by their pattern, or as they are', () => {
  expect(displayOf('SAVE10', 'Save-10', null)).toBe('Save-10');
  expect(displayOf('SAVE10', null, null)).toBe('SAVE10');
  expect(displayOf('VAFA33334444', null, 'VAFA-####-####')).toBe('VAFA-3333-4444');
});
