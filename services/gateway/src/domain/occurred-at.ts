/** What became of a caller's `occurredAt`. */
export type OccurredAt =
  | { ok: true; instant: Temporal.Instant }
  | { ok: false; reason: 'invalid' | 'in_the_future'; message: string };

const EPOCH = Temporal.Instant.fromEpochMilliseconds(0);
/** Long enough for any ISO 8601 instant with nanoseconds, offset and zone in brackets. */
const MAX_LENGTH = 80;

/**
 * When something happened, by the caller's word. Not given means now; a clock that is a little ahead of ours is
 * forgiven up to the tolerance, more is refused: time-based rules would wait for a moment that nobody lived through.
 */
export const readOccurredAt = (given: unknown, now: Temporal.Instant, toleranceMs: number): OccurredAt => {
  if (given === undefined) return { ok: true, instant: now };
  const instant = typeof given === 'string' && given.length <= MAX_LENGTH ? parse(given) : undefined;
  if (!instant)
    return {
      ok: false,
      reason: 'invalid',
      message: 'must be an ISO 8601 instant with an offset, e.g. 2026-11-21T11:30:00+03:30',
    };
  if (Temporal.Instant.compare(instant, EPOCH) < 0)
    return { ok: false, reason: 'invalid', message: 'must not be before 1970-01-01T00:00:00Z' };
  if (instant.epochMilliseconds - now.epochMilliseconds > toleranceMs)
    return {
      ok: false,
      reason: 'in_the_future',
      message: `lies in the future: it is ${now.toString({ smallestUnit: 'second' })} now, up to ${toleranceMs} ms ahead are allowed`,
    };
  return { ok: true, instant };
};

const parse = (text: string): Temporal.Instant | undefined => {
  try {
    return Temporal.Instant.from(text);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
