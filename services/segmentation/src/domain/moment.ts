/**
 * When an event happened, to the millisecond: finer is kept by no table and by no rule. The bus has checked that the text
 * is an instant.
 */
export const momentOf = (event: { time: string }): Temporal.Instant =>
  Temporal.Instant.fromEpochMilliseconds(Date.parse(event.time));

/** Compares as numbers: Temporal's own comparison costs a microsecond, and an event needs some ten of them. */
export const isEarlier = (a: Temporal.Instant, b: Temporal.Instant): boolean =>
  a.epochMilliseconds < b.epochMilliseconds;

export const earlierOf = (a: Temporal.Instant, b: Temporal.Instant): Temporal.Instant => (isEarlier(b, a) ? b : a);

/** The later one; undefined is before all. */
export const laterOf = (a: Temporal.Instant | undefined, b: Temporal.Instant): Temporal.Instant =>
  a && isEarlier(b, a) ? a : b;
