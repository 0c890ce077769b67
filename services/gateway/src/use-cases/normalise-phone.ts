import { toLatinDigits } from '@vafa/kernel';
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';

export type { CountryCode };

/** Two hundred characters of blanks are no phone number worth parsing. */
const MAX_LENGTH = 40;
/** What people and spreadsheets put around and between the digits: blanks of all sorts, direction marks, dots, dashes. */
const FILLING = /[\s\u00a0\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff().\-‐-―/]+/gu;

/** Narrows a setting to a region that phone numbers can be read by. */
export const isPhoneRegion = (region: string): region is CountryCode => isSupportedCountry(region);

/**
 * A phone number as E.164 (+989121234567), or undefined when it is none. Persian and Arabic digits count as digits. In
 * the region's own ways of writing: with +, with 00, with the bare country code, with the national 0 or without it.
 */
export const normalisePhone = (given: string, region: CountryCode): string | undefined => {
  if (given.length > MAX_LENGTH) return undefined;
  const text = toLatinDigits(given)
    .replace(FILLING, '')
    .replace(/^\uff0b/, '+');
  if (!/^\+?\d{4,20}$/.test(text)) return undefined;
  // "00" is dialled for "+" nearly everywhere; the library knows it only as the region's own international prefix.
  const candidates = text.startsWith('+') ? [text] : text.startsWith('00') ? [`+${text.slice(2)}`] : [text, `+${text}`];
  for (const candidate of candidates) {
    const number = parsePhoneNumberFromString(candidate, region);
    if (number?.isValid()) return number.number;
  }
  return undefined;
};
