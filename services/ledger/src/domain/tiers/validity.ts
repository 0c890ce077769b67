import { assert, present } from '@vafa/kernel';
import { addToDate, type CalendarZone, endOfDateMs, inCalendar, lastDateOf } from '../calendar.ts';
import { placeOf, type TierStructure } from './structure.ts';
import { type DaySum, lastDateHolding, windowOf } from './window.ts';

/** Last date of the calendar's window that comes `more` windows after that of a date. */
const lastOfWindows = (
  { window }: TierStructure,
  zone: CalendarZone,
  date: Temporal.PlainDate,
  more: number,
): Temporal.PlainDate => {
  let last = date;
  for (let i = 0; i <= more; i++) {
    const end = windowOf(window, zone, i === 0 ? date : last.add({ days: 1 })).last;
    last = inCalendar(zone.calendar, present(end, 'end of a window of the calendar'));
  }
  return last;
};

/** Can a customer who has this level fall below it at all? */
export const canBeLost = (structure: TierStructure, place: number): boolean => {
  const { levels, downgrade, neverBelow } = structure;
  const level = levels[place];
  if (!level || level.threshold === 0 || downgrade === 'none') return false;
  return neverBelow === undefined || place > placeOf(structure, neverBelow);
};

/** Until when a level is kept that was reached on a date, as the last millisecond of a day; null = for ever. */
export const validUntilMs = (
  structure: TierStructure,
  zone: CalendarZone,
  days: readonly DaySum[],
  place: number,
  date: Temporal.PlainDate,
): number | null => {
  const level = structure.levels[place];
  if (!level || !canBeLost(structure, place)) return null;
  const { validity, window } = structure;
  if (validity.kind === 'windows')
    return endOfDateMs(zone.timeZone, lastOfWindows(structure, zone, date, validity.more));
  if (validity.kind === 'months') {
    const until = addToDate(date, validity.amount, 'months');
    const last = validity.roundUpTo ? lastDateOf(zone.calendar, until, validity.roundUpTo) : until;
    return endOfDateMs(zone.timeZone, last);
  }
  assert(window.kind === 'rolling', 'only a rolling window is looked at for how long it holds enough');
  return endOfDateMs(zone.timeZone, lastDateHolding(window.months, zone, days, date, level.threshold) ?? date);
};
