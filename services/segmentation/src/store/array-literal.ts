/**
 * An array parameter written out by hand, to be cast in SQL: `${arrayOf(numbers)}::text::bigint[]`. The driver's own way
 * escapes each element, which costs more than all else of a large batch. Only for what needs no quoting: numbers, UUIDs,
 * fixed words; never for text from outside.
 */
export const arrayOf = (values: readonly (number | string | null)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join(',')}}`;

/**
 * Instants as such an array of milliseconds since 1970, to be read with `to_timestamp(ms / 1000::float8)`, which is exact
 * to the microsecond until the year 2255. Text would have to be written here and parsed there, a microsecond each way.
 */
export const millisOf = (instants: readonly (Temporal.Instant | undefined)[]): string =>
  arrayOf(instants.map((instant) => instant?.epochMilliseconds ?? null));
