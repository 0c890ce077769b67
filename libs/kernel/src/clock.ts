/**
 * Where time comes from, in whole milliseconds: the database keeps no more of most instants, and what is answered at once is
 * to be what is read later. Domain code never asks: it is handed an instant.
 */
export interface Clock {
  now(): Temporal.Instant;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Temporal.Instant.fromEpochMilliseconds(Date.now()) };

/** A clock that stands still until it is moved, for tests. */
export interface FakeClock extends Clock {
  set(instant: Temporal.Instant | string): void;
  advance(duration: Temporal.DurationLike | string): void;
}

const toMilliseconds = (instant: Temporal.Instant | string): Temporal.Instant =>
  Temporal.Instant.fromEpochMilliseconds(Temporal.Instant.from(instant).epochMilliseconds);

export const createFakeClock = (start: Temporal.Instant | string): FakeClock => {
  let now = toMilliseconds(start);
  return {
    now: () => now,
    set: (instant) => {
      now = toMilliseconds(instant);
    },
    advance: (duration) => {
      // Days and longer are counted as calendar time in UTC, which has no clock changes.
      now = toMilliseconds(now.toZonedDateTimeISO('UTC').add(duration).toInstant());
    },
  };
};
