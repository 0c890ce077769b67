/**
 * Adds an ISO 8601 duration such as `P30D` or `PT15M` to an instant; days and longer are calendar days in the zone,
 * so that "30 days later" keeps the wall-clock time across clock changes.
 * @throws RangeError when the duration or the zone is not understood
 */
export const addDuration = (instant: Temporal.Instant, duration: string, timeZone: string): Temporal.Instant =>
  instant.toZonedDateTimeISO(timeZone).add(Temporal.Duration.from(duration)).toInstant();

/** Is the text an ISO 8601 duration that is not negative? */
export const isDuration = (text: string): boolean => {
  try {
    return Temporal.Duration.from(text).sign >= 0;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

/** Milliseconds from one instant to another; negative when `to` is earlier. */
export const millisBetween = (from: Temporal.Instant, to: Temporal.Instant): number =>
  to.epochMilliseconds - from.epochMilliseconds;

export const earliest = (a: Temporal.Instant, b: Temporal.Instant): Temporal.Instant =>
  Temporal.Instant.compare(a, b) <= 0 ? a : b;

export const isBefore = (a: Temporal.Instant, b: Temporal.Instant): boolean => Temporal.Instant.compare(a, b) < 0;
