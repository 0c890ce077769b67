import type { Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import { type CalendarZone, isSameTimeZone } from '../domain/calendar.ts';
import { type Programme, zoneOf } from '../domain/programme.ts';
import { findClosedZone } from '../store/finance.ts';

/**
 * Refuses a programme of another calendar or zone than the one whose days were closed. Closed books keep whole months of issue,
 * and months of two calendars don't lie within each other: points would be issued in one month and spent in another, and a month
 * of issue could come to less than nothing. The caller holds `lockProgramme`, as does who closes the first day. `place` is where
 * the programme stands in the request.
 * @throws AppError conflict `ledger.calendar_is_closed`
 */
export const keepCalendar = async (tx: Tx, programme: Programme, place = ''): Promise<void> => {
  const closed = await findClosedZone(tx);
  if (!closed) return;
  const { calendar, timeZone } = zoneOf(programme);
  const problems = [
    ...(calendar === closed.calendar
      ? []
      : [{ path: `${place}/calendar`, message: `must stay ${closed.calendar}: days are closed by it` }]),
    ...(isSameTimeZone(timeZone, closed.timeZone)
      ? []
      : [{ path: `${place}/timeZone`, message: `must stay ${closed.timeZone}: days are closed by it` }]),
  ];
  if (problems.length === 0) return;
  throw new AppError(
    'conflict',
    'ledger.calendar_is_closed',
    `the books are closed in ${closed.calendar} months of ${closed.timeZone}: keep these, or begin a book of its own (another database) for the other calendar`,
    { problems },
  );
};

/** Whether a programme counts by this calendar and zone. */
export const countsBy = (programme: Programme | undefined, zone: CalendarZone): boolean => {
  if (!programme) return false;
  const { calendar, timeZone } = zoneOf(programme);
  return calendar === zone.calendar && isSameTimeZone(timeZone, zone.timeZone);
};
