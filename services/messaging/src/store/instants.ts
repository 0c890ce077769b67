/** timestamptz as the database writes it, e.g. `2026-11-21 10:00:00.123+00`. */
export const instantOf = (text: string): Temporal.Instant => Temporal.Instant.from(text);

export const instantOrNull = (text: string | null): Temporal.Instant | null => (text === null ? null : instantOf(text));
