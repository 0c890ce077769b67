import { isBefore, present } from '@vafa/kernel';

/** Hours of the customer's day without club messages and advertisements; local times `HH:MM`, may pass midnight. */
export interface QuietHours {
  from: string;
  to: string;
}

/** The zone if it is one, else the fallback: a shop may have stored anything. */
export const zoneOr = (timeZone: string | null | undefined, fallback: string): string => {
  if (!timeZone) return fallback;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone);
    return timeZone;
  } catch (error) {
    if (error instanceof RangeError) return fallback;
    throw error;
  }
};

const isQuiet = (time: Temporal.PlainTime, from: Temporal.PlainTime, to: Temporal.PlainTime): boolean => {
  const afterFrom = Temporal.PlainTime.compare(time, from) >= 0;
  const beforeTo = Temporal.PlainTime.compare(time, to) < 0;
  return Temporal.PlainTime.compare(from, to) < 0 ? afterFrom && beforeTo : afterFrom || beforeTo;
};

/**
 * The first instant from `now` on that is outside the quiet hours of the zone. Where clocks are put forward over the end
 * of the quiet hours, the end moves forward with them. Equal bounds mean no quiet hours.
 */
export const nextAllowed = (now: Temporal.Instant, timeZone: string, quiet: QuietHours | null): Temporal.Instant => {
  if (!quiet) return now;
  const from = Temporal.PlainTime.from(quiet.from);
  const to = Temporal.PlainTime.from(quiet.to);
  if (from.equals(to)) return now;
  const local = now.toZonedDateTimeISO(timeZone);
  if (!isQuiet(local.toPlainTime(), from, to)) return now;
  const today = local.toPlainDate().toPlainDateTime(to);
  // Where clocks are put back, the end comes twice: the first may be behind us and the second still ahead.
  const ends = [
    today.toZonedDateTime(timeZone),
    today.toZonedDateTime(timeZone, { disambiguation: 'later' }),
    today.add({ days: 1 }).toZonedDateTime(timeZone),
  ].map((end) => end.toInstant());
  return present(
    ends.find((end) => isBefore(now, end)),
    'the end of the quiet hours, tomorrow at the latest,',
  );
};
