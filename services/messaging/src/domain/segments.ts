const GSM7 = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Written with an escape: they take two places. */
const GSM7_EXTENDED = new Set('^{}\\[~]|€\f');

/** How an SMS travels and what it is billed as. */
export interface Segments {
  encoding: 'gsm7' | 'ucs2';
  /** Places taken: septets in GSM-7, 16-bit units in UCS-2. */
  units: number;
  segments: number;
}

const LIMITS = { gsm7: { single: 160, part: 153 }, ucs2: { single: 70, part: 67 } } as const;

const widthsOf = (text: string): { encoding: Segments['encoding']; widths: number[] } => {
  const characters = [...text];
  if (characters.every((character) => GSM7.has(character) || GSM7_EXTENDED.has(character)))
    return { encoding: 'gsm7', widths: characters.map((character) => (GSM7_EXTENDED.has(character) ? 2 : 1)) };
  return { encoding: 'ucs2', widths: characters.map(({ length }) => length) };
};

/** Counts the segments of an SMS. Neither an escaped character nor a surrogate pair is cut in two by a boundary. */
export const countSegments = (text: string): Segments => {
  const { encoding, widths } = widthsOf(text);
  const units = widths.reduce((sum, width) => sum + width, 0);
  const { single, part } = LIMITS[encoding];
  if (units <= single) return { encoding, units, segments: 1 };
  let segments = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > part) {
      segments += 1;
      used = 0;
    }
    used += width;
  }
  return { encoding, units, segments };
};
