import { assert } from '@vafa/kernel';

/**
 * What codes are drawn from. Left out is whatever is taken for another character on paper or on a screen
 * (0 O D Q, 1 I L, 5 S, 2 Z, 8 B, 6 G, U next to V), and all vowels, so that no draw spells a word. 19 are left: a prime,
 * which the check character needs.
 */
export const ALPHABET = '34679CFHJKMNPRTVWXY';

const MODULUS = ALPHABET.length;
/** A primitive root of 19: its powers 2^0 … 2^17 are all different modulo 19. */
const RADIX = 2;
/** Beyond 18 characters two of them would weigh the same, and swapping those would pass. */
export const MAX_CHECKED = MODULUS - 1;

const VALUES: ReadonlyMap<string, number> = new Map([...ALPHABET].map((character, value) => [character, value]));

const rankOf = (character: string): number | undefined => VALUES.get(character);
export const characterOf = (value: number): string => {
  const character = ALPHABET[value];
  assert(character !== undefined, 'a value of the alphabet');
  return character;
};

/** What the characters before the check character come to, by the recursive method of the standard. */
const sumOf = (body: string): number | undefined => {
  let sum = 0;
  for (const character of body) {
    const value = rankOf(character);
    if (value === undefined) return undefined;
    sum = ((sum + value) * RADIX) % MODULUS;
  }
  return sum;
};

/**
 * The character that makes `Σ aᵢ·2ⁱ ≡ 1 (mod 19)`, i counted from the right: a pure system as in ISO/IEC 7064 §6-7, of
 * modulus 19 and radix 2. As 19 is prime and no weight comes twice, it catches every substitution of one character and every
 * swap of two, next to each other or not. (Luhn mod N misses the swap of its first and last character, the hybrid systems
 * of the standard such as MOD 37,36 some swaps of neighbours.)
 */
export const checkCharacterOf = (body: string): string => {
  const sum = sumOf(body);
  assert(sum !== undefined && body.length < MAX_CHECKED, 'drawn characters, not more than can be checked');
  return characterOf((1 - sum + MODULUS) % MODULUS);
};

/** Do these characters, the last of which checks the others, belong together? */
export const isChecked = (characters: string): boolean => {
  const sum = sumOf(characters.slice(0, -1));
  const check = rankOf(characters.slice(-1));
  return sum !== undefined && check !== undefined && (sum + check) % MODULUS === 1;
};
