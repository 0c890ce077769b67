/** "2010-12-01 08:26:00" as it is in our file, "12/1/2010 8:26" (month first) as it is in other copies of it. */
const ISO = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2}))?$/;
const MONTH_FIRST = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2})$/;

/**
 * Reads wall-clock times of one zone. An hour that a clock change repeats is taken the first time, one that it leaves
 * out as an hour later. Neighbouring lines have the same time, so the last answer is kept.
 */
export const wallClockReader = (timeZone: string): ((text: string) => Temporal.Instant | undefined) => {
  let lastText: string | undefined;
  let lastInstant: Temporal.Instant | undefined;
  return (text) => {
    if (text !== lastText) {
      lastInstant = read(text.trim(), timeZone);
      lastText = text;
    }
    return lastInstant;
  };
};

const read = (text: string, timeZone: string): Temporal.Instant | undefined => {
  const iso = ISO.exec(text);
  const monthFirst = iso ? undefined : MONTH_FIRST.exec(text);
  const fields = iso
    ? { year: iso[1], month: iso[2], day: iso[3], hour: iso[4], minute: iso[5], second: iso[6] ?? '0' }
    : monthFirst && {
        month: monthFirst[1],
        day: monthFirst[2],
        year: monthFirst[3],
        hour: monthFirst[4],
        minute: monthFirst[5],
        second: '0',
      };
  if (!fields) return undefined;
  const numbers = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, Number(value)]));
  try {
    return Temporal.PlainDateTime.from(numbers as Record<'year' | 'month' | 'day', number>, { overflow: 'reject' })
      .toZonedDateTime(timeZone)
      .toInstant();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
