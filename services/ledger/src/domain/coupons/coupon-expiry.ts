import { endOfDateMs } from '../calendar.ts';

/**
 * Last millisecond of the day that is so many calendar days after an instant, in a zone: how long a code that was given
 * with a reward may be used. Null = no end of its own.
 */
export const couponExpiryMs = (now: Temporal.Instant, validDays: number | null, timeZone: string): number | null =>
  validDays === null
    ? null
    : endOfDateMs(timeZone, now.toZonedDateTimeISO(timeZone).toPlainDate().add({ days: validDays }));
