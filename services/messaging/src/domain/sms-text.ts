import { needsConsent, type Purpose } from './purposes.ts';

/** Marks, embeddings, overrides, isolates and the byte order mark: invisible, paid for, and a way to disguise a text. */
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
/** Providers refuse the whole call for one of these. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is its purpose
const CONTROL_CHARACTERS = /[\u0000-\u0009\u000b-\u001f\u007f]/g;

/** By law each text of an Iranian service line ends with the word that stops it. */
const OPT_OUT_SUFFIX = 'لغو11';

/** Arabic letters that Persian keyboards and files mix in: they look the same and are not found by searching. */
const persianLetters = (text: string): string => text.replace(/[يى]/g, 'ی').replace(/ك/g, 'ک');

/** Makes a rendered text fit to be sent: one kind of ی and ک, no invisible controls, plain line ends, no blank edges. */
export const normalizeSms = (text: string, locale: string): string => {
  const plain = text
    .replace(/\r\n?/g, '\n')
    .replace(/\t/g, ' ')
    .replace(BIDI_CONTROLS, '')
    .replace(CONTROL_CHARACTERS, '')
    .trim();
  return locale.split('-')[0] === 'ar' ? plain : persianLetters(plain);
};

/** Does this text need the word that stops the line? */
export const needsSuffix = (purpose: Purpose, locale: string): boolean =>
  needsConsent(purpose) && locale.split('-')[0] === 'fa';

/** The text with the opt-out word on a line of its own, unless it ends with it already. */
export const withSuffix = (text: string): string =>
  text.endsWith(OPT_OUT_SUFFIX) ? text : `${text}\n${OPT_OUT_SUFFIX}`;
