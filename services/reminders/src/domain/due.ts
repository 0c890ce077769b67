/** When something is due: the instant, and the wall-clock time it stands for where that is what counts. */
export interface Due {
  dueAt: Temporal.Instant;
  /** `YYYY-MM-DDTHH:mm:ss` on the customer's wall; re-read when her time zone changes. */
  localDue?: string;
}

/** Is it a time zone that this machine knows? */
export const isTimeZone = (name: string): boolean => {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

/**
 * The instant of a wall-clock time in a zone. A time that the clocks skip in spring is taken as much later as they skip;
 * of one that comes twice in autumn the first is taken.
 */
export const instantOfLocal = (localDue: string, timeZone: string): Temporal.Instant =>
  Temporal.PlainDateTime.from(localDue).toZonedDateTime(timeZone, { disambiguation: 'compatible' }).toInstant();

const atLocal = (date: Temporal.PlainDate, timeOfDay: string, timeZone: string): Due => {
  const localDue = date.toPlainDateTime(Temporal.PlainTime.from(timeOfDay)).toString();
  return { dueAt: instantOfLocal(localDue, timeZone), localDue };
};

/**
 * So many calendar days after an instant, in the customer's time zone: at the time of day, or at the same wall-clock time
 * when there is none.
 */
export const dueAfterDays = (
  from: Temporal.Instant,
  days: number,
  timeOfDay: string | undefined,
  timeZone: string,
): Due => {
  const start = from.toZonedDateTimeISO(timeZone);
  if (timeOfDay === undefined) return { dueAt: start.add({ days }).toInstant() };
  return atLocal(start.toPlainDate().add({ days }), timeOfDay, timeZone);
};

/** The next time of day from an instant on, if it comes before `end`; otherwise, or without one, at once. */
export const dueBefore = (
  from: Temporal.Instant,
  end: Temporal.Instant,
  timeOfDay: string | undefined,
  timeZone: string,
): Due => {
  if (timeOfDay === undefined) return { dueAt: from };
  const today = from.toZonedDateTimeISO(timeZone).toPlainDate();
  const next = [today, today.add({ days: 1 })]
    .map((date) => atLocal(date, timeOfDay, timeZone))
    .find(({ dueAt }) => Temporal.Instant.compare(dueAt, from) >= 0);
  return next && Temporal.Instant.compare(next.dueAt, end) < 0 ? next : { dueAt: from };
};
