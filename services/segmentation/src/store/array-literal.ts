/**
 * An array parameter written out by hand, to be cast in SQL: `${arrayOf(numbers)}::text::bigint[]`. The driver's own way
 * escapes each element, which costs more than all else of a large batch. Only for what needs no quoting: numbers, instants,
 * UUIDs, fixed words; never for text from outside.
 */
export const arrayOf = (values: readonly (number | string | null)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join(',')}}`;

/** Instants as such an array; to the millisecond, as all that is kept. */
export const instantsOf = (instants: readonly (Temporal.Instant | undefined)[]): string =>
  arrayOf(instants.map((instant) => (instant ? new Date(instant.epochMilliseconds).toISOString() : null)));
