const gsm7Basic = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const gsm7Extended = new Set('^{}\\[~]|€\f');

export type SmsEncoding = 'gsm7' | 'ucs2';

/** How a text travels: its alphabet and the number of parts that are paid for. */
export interface Segments {
  encoding: SmsEncoding;
  parts: number;
}

/** Fills parts greedily: neither a surrogate pair nor an escaped character is cut in two. */
const countParts = (widths: number[], single: number, multi: number): number => {
  if (widths.reduce((sum, width) => sum + width, 0) <= single) return 1;
  let parts = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > multi) {
      parts += 1;
      used = 0;
    }
    used += width;
  }
  return parts;
};

/** Counts the parts of a text: 160/153 characters in GSM-7, 70/67 code units in UCS-2. */
export const segmentsOf = (text: string): Segments => {
  const characters = [...text];
  if (characters.every((character) => gsm7Basic.has(character) || gsm7Extended.has(character))) {
    const widths = characters.map((character) => (gsm7Extended.has(character) ? 2 : 1));
    return { encoding: 'gsm7', parts: countParts(widths, 160, 153) };
  }
  return {
    encoding: 'ucs2',
    parts: countParts(
      characters.map((character) => character.length),
      70,
      67,
    ),
  };
};

// Rial per part; a part in Latin letters costs about 2.4 times a Persian one on most lines.
const costPerPartRial: Record<SmsEncoding, number> = { ucs2: 1_500, gsm7: 3_600 };

/** The price of a text in rial. */
export const costOfRial = ({ encoding, parts }: Segments): number => costPerPartRial[encoding] * parts;
