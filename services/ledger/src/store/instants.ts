/** Many rows of a batch expire at the end of the same day: the last answer is remembered. */
let lastMs = Number.NaN;
let lastText = '';

/**
 * ISO 8601 text of an instant, with as many digits as it needs, as `Temporal.Instant` writes it and so `isoOf`: answers have one
 * text for one instant, whether it was kept as a number or as the text of an event, which may be finer.
 */
export const isoOfMs = (ms: number): string => {
  if (ms !== lastMs) {
    const text = new Date(ms).toISOString();
    lastText = ms % 10 === 0 ? text.replace(/\.?0+Z$/, 'Z') : text;
    lastMs = ms;
  }
  return lastText;
};

/** The same where there may be none. */
export const textOf = (ms: number | null): string | null => (ms === null ? null : isoOfMs(ms));

/** ISO 8601 text of what Postgres wrote, e.g. `2026-11-21 10:00:00.123+00`. */
export const isoOf = (text: string): string => Temporal.Instant.from(text).toString();

/** SQL that gives a timestamp as whole milliseconds since 1970. The column's name is ours, never a caller's. */
export const msOf = (column: string): string => `floor(extract(epoch from ${column}) * 1000)::bigint`;
