/** Beyond a year what was to be sent is history, whatever its author says. */
const MAX_TIME_TO_LIVE_MS = 366 * 86_400_000;
const DAY_MS = 86_400_000;

/**
 * Milliseconds of an ISO 8601 duration such as `P1D` or `PT6H`, or what is wrong with it. Years and months have no fixed
 * length, so something could be too old by one way of counting and not by another: they are not taken.
 */
export const readTimeToLive = (text: string): { ms: number } | { problem: string } => {
  let duration: Temporal.Duration;
  try {
    duration = Temporal.Duration.from(text);
  } catch (error) {
    if (error instanceof RangeError) return { problem: 'must be an ISO 8601 duration such as P1D or PT6H' };
    throw error;
  }
  if (duration.years !== 0 || duration.months !== 0)
    return { problem: 'must be in weeks, days, hours, minutes or seconds' };
  const ms = duration.weeks * 7 * DAY_MS + duration.days * DAY_MS + timeMsOf(duration);
  if (ms <= 0) return { problem: 'must be longer than zero' };
  if (ms > MAX_TIME_TO_LIVE_MS) return { problem: 'must be at most 366 days' };
  return { ms };
};

const timeMsOf = ({ hours, minutes, seconds, milliseconds }: Temporal.Duration): number =>
  hours * 3_600_000 + minutes * 60_000 + seconds * 1_000 + milliseconds;
