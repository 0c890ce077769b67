import { AppError, assert, type FieldProblem, toLatinDigits } from '@vafa/kernel';
import { ALPHABET, characterOf, checkCharacterOf, isChecked, MAX_CHECKED } from './check-character.ts';

/** What codes are made by: `VAFA-####-####`, where each # is drawn and the last one checks the others. */
export interface CodePattern {
  text: string;
  /** What stands before the first #, without hyphens. */
  prefix: string;
  /** Characters of a code without hyphens. */
  length: number;
  /** Characters that are drawn, the check character not counted. */
  drawn: number;
}

/** Gives an integer from 0 up to, not including, `below` (at most 2^48 - 1), each as likely and none foreseeable. */
export type Random = (below: number) => number;

export const MIN_CODE_CHARACTERS = 4;
export const MAX_CODE_CHARACTERS = 32;
export const MAX_PATTERN_CHARACTERS = 48;
/**
 * Bits that a guess must overcome: NIST SP 800-63B §5.1.2.1 asks at least 20 of a secret that is looked up, where guesses
 * are throttled.
 */
export const GUESS_BITS = 20;
/** As many characters as one drawn number gives: 19^11 < 2^48. */
const CHARACTERS_PER_DRAW = 11;

/**
 * A code as it is stored and compared: Persian and Arabic digits as 0-9, capitals, without hyphens, blanks and invisible
 * characters.
 */
export const normaliseCode = (typed: string): string =>
  toLatinDigits(typed.normalize('NFKC'))
    .toUpperCase()
    .replace(/[\p{Dash}\s\p{Cf}]/gu, '');

/** Can this be a code at all, whoever made it? Takes what `normaliseCode` gives. */
export const isCode = (code: string): boolean =>
  code.length >= MIN_CODE_CHARACTERS && code.length <= MAX_CODE_CHARACTERS && /^[A-Z0-9]+$/.test(code);

const patternProblem = (text: string): string | undefined => {
  const drawn = text.split('#').length - 1;
  const { length } = text.replaceAll('-', '');
  if (text.length > MAX_PATTERN_CHARACTERS || !/^[A-Z0-9#-]*$/.test(text))
    return `must be A-Z, 0-9, - and #, at most ${MAX_PATTERN_CHARACTERS} characters`;
  if (!text.endsWith('#')) return 'must end with #, the check character';
  if (drawn < 2 || drawn > MAX_CHECKED) return `must have 2 to ${MAX_CHECKED} of #`;
  if (length < MIN_CODE_CHARACTERS || length > MAX_CODE_CHARACTERS)
    return `must have ${MIN_CODE_CHARACTERS} to ${MAX_CODE_CHARACTERS} characters besides hyphens`;
  return undefined;
};

/** @throws AppError invalid `ledger.invalid_code_pattern` */
export const readPattern = (text: string, path = '/pattern'): CodePattern => {
  const message = patternProblem(text);
  if (message !== undefined) {
    const problems: FieldProblem[] = [{ path, message }];
    throw new AppError('invalid', 'ledger.invalid_code_pattern', `the pattern ${message}`, { problems });
  }
  const bare = text.replaceAll('-', '');
  return { text, prefix: bare.slice(0, bare.indexOf('#')), length: bare.length, drawn: text.split('#').length - 2 };
};

/**
 * Codes there may be of this pattern: so many that a guess, made by one who knows the pattern and computes the check
 * character, hits one with a chance of 2^-20 at most: `⌊19^drawn ÷ 2^20⌋`.
 */
export const capacityOf = ({ drawn }: CodePattern): number =>
  Math.min(Number.MAX_SAFE_INTEGER, Math.floor(ALPHABET.length ** drawn / 2 ** GUESS_BITS));

/**
 * Refuses so many codes that they could be guessed; `codes` are those of all pools of the pattern.
 * @throws AppError rejected `ledger.codes_guessable`, telling how many the pattern carries and how many # the wanted number needs
 */
export const requireCapacity = (pattern: CodePattern, codes: number): void => {
  const capacity = capacityOf(pattern);
  if (codes <= capacity) return;
  const drawn = Math.ceil((Math.log2(codes) + GUESS_BITS) / Math.log2(ALPHABET.length));
  throw new AppError(
    'rejected',
    'ledger.codes_guessable',
    `with ${codes} codes of this pattern they could be guessed: it carries ${capacity}, so many need ${drawn + 1} of #`,
    { capacity, requested: codes, placesNeeded: drawn + 1 },
  );
};

const draw = (count: number, random: Random): string => {
  let drawn = '';
  while (drawn.length < count) {
    const part = Math.min(CHARACTERS_PER_DRAW, count - drawn.length);
    let number = random(ALPHABET.length ** part);
    for (let i = 0; i < part; i++) {
      drawn += characterOf(number % ALPHABET.length);
      number = Math.floor(number / ALPHABET.length);
    }
  }
  return drawn;
};

/** Puts characters in the place of each #; hyphens are left out. */
const fill = (pattern: CodePattern, characters: string): string => {
  let next = 0;
  return pattern.text.replaceAll('-', '').replaceAll('#', () => characters[next++] as string);
};

/** A new code, without hyphens. */
export const drawCode = (pattern: CodePattern, random: Random): string => {
  const body = draw(pattern.drawn, random);
  return fill(pattern, body + checkCharacterOf(body));
};

/** With the pattern's hyphens. */
export const showCode = (pattern: CodePattern, code: string): string => {
  assert(code.length === pattern.length, 'a code is as long as its pattern');
  let next = 0;
  return [...pattern.text].map((character) => (character === '-' ? '-' : code[next++])).join('');
};

/** A code as people read it: as it was uploaded, or by the pattern of its pool. */
export const displayOf = (code: string, shown: string | null, pattern: string | null): string =>
  shown ?? (pattern === null ? code : showCode(readPattern(pattern), code));

/**
 * Was this meant to be a code of the pattern, and mistyped? True when it is as long and begins alike, but its check
 * character is wrong or a character stands in it that no code has.
 */
export const isMistyped = (pattern: CodePattern, code: string): boolean => {
  const bare = pattern.text.replaceAll('-', '');
  if (code.length !== bare.length || !code.startsWith(pattern.prefix)) return false;
  let drawn = '';
  for (let i = 0; i < bare.length; i++) {
    if (bare[i] === '#') drawn += code[i];
    else if (bare[i] !== code[i]) return true;
  }
  return !isChecked(drawn);
};
