/** Where time comes from. Domain code never asks: it is handed an instant. */
export interface Clock {
  now(): Temporal.Instant;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Temporal.Now.instant() };

/** A clock that stands still until it is moved, for tests. */
export interface FakeClock extends Clock {
  set(instant: Temporal.Instant | string): void;
  advance(duration: Temporal.DurationLike | string): void;
}

export const createFakeClock = (start: Temporal.Instant | string): FakeClock => {
  let now = Temporal.Instant.from(start);
  return {
    now: () => now,
    set: (instant) => {
      now = Temporal.Instant.from(instant);
    },
    advance: (duration) => {
      // Days and longer are counted as calendar time in UTC, which has no clock changes.
      now = now.toZonedDateTimeISO('UTC').add(duration).toInstant();
    },
  };
};
