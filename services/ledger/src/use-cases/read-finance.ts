import { AS_OF_ONE_MOMENT, type Sql, type Tx } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { CalendarZone } from '../domain/calendar.ts';
import { type LiabilityReport, liabilityOf } from '../domain/finance/liability.ts';
import {
  type Month,
  type MonthTable,
  monthAfter,
  monthAt,
  monthsFrom,
  startOfMonthMs,
} from '../domain/finance/months.ts';
import type { Movement } from '../domain/finance/movement.ts';
import { type Dimension, type RollForwardMonth, rollForward } from '../domain/finance/roll-forward.ts';
import type { PointValue } from '../domain/points-payment.ts';
import { closedMovements, findClosedUntil, openMovements } from '../store/finance.ts';
import { isoOfMs } from '../store/instants.ts';
import { allowLongReads } from '../store/long-reads.ts';
import { booksOf, type ProgrammeForFinance } from './finance-programme.ts';

/** Months of one roll-forward at most. */
export const MAX_MONTHS = 120;
const LIMIT_MS = 60_000;

/** How and until when the books were read. */
export interface FinanceContext {
  zone: CalendarZone;
  values: readonly PointValue[];
  /** Version whose zone, calendar and values these are; null = there is no programme yet. */
  programmeVersion: number | null;
  asOf: string;
  /** What was recorded before this is closed; null = nothing is. */
  closedUntil: string | null;
}

/** A month of the roll-forward with its bounds in the programme's zone. */
export interface ToldMonth extends RollForwardMonth {
  from: string;
  /** Excluded. */
  until: string;
  /** Nothing can be added to it any more. */
  closed: boolean;
}

/** The months with their starts, and the start of the month after them: what is later falls out. */
const bookingTable = (zone: CalendarZone, months: readonly Month[], next: Month): MonthTable => ({
  months: [...months, next],
  startsMs: [...months, next].map((month) => startOfMonthMs(zone, month)),
});

/** Everything that moved so far, as one moment shows it: closed days as they were closed, the rest from the entries. */
const readMovements = async (
  tx: Tx,
  now: Temporal.Instant,
  zone: CalendarZone,
  booking: MonthTable,
  wants: { happened: boolean },
): Promise<{ movements: Movement[]; closedUntilMs: number | null }> => {
  await allowLongReads(tx, LIMIT_MS);
  const closedUntilMs = await findClosedUntil(tx);
  const nowMs = now.epochMilliseconds;
  const [closed, open] = await Promise.all([
    closedMovements(tx, zone, booking, wants),
    openMovements(tx, { sinceMs: closedUntilMs, untilMs: null }, { zone, booking, nowMs, month: monthAt(zone, nowMs) }),
  ]);
  return { movements: [...closed, ...open], closedUntilMs };
};

const snapshot = <Result>(sql: Sql, work: (tx: Tx) => Promise<Result>): Promise<Result> =>
  sql.begin(AS_OF_ONE_MOMENT, work) as Promise<Result>;

/**
 * The roll-forward of months of the programme's calendar, both included; the one under way is told as it stands. Entries count
 * for the month in which they were recorded, so a month that is over never changes.
 * @throws AppError invalid `ledger.invalid_months`
 */
export const readRollForward = (
  sql: Sql,
  now: Temporal.Instant,
  programme: ProgrammeForFinance | undefined,
  asked: { from?: Month | undefined; to?: Month | undefined; by: readonly Dimension[] },
): Promise<FinanceContext & { months: ToldMonth[] }> => {
  const { zone, ...books } = booksOf(programme);
  const current = monthAt(zone, now.epochMilliseconds);
  const to = asked.to ?? current;
  const from = asked.from ?? to;
  const months = monthsFrom(from, to);
  if (months.length === 0 || months.length > MAX_MONTHS || to > current)
    throw new AppError(
      'invalid',
      'ledger.invalid_months',
      `from one month to a later one, ${MAX_MONTHS} at most, none after ${current}`,
      { problems: [{ path: to > current ? '/to' : '/from', message: 'is no month of the books' }] },
    );
  const booking = bookingTable(zone, months, monthAfter(to));
  return snapshot(sql, async (tx) => {
    const { movements, closedUntilMs } = await readMovements(tx, now, zone, booking, { happened: false });
    const told = rollForward(movements, months, asked.by).map((month, i) => {
      const untilMs = booking.startsMs[i + 1] as number;
      const closed = closedUntilMs !== null && closedUntilMs >= untilMs;
      return { ...month, from: isoOfMs(booking.startsMs[i] as number), until: isoOfMs(untilMs), closed };
    });
    const closedUntil = closedUntilMs === null ? null : isoOfMs(closedUntilMs);
    return { zone, ...books, asOf: now.toString(), closedUntil, months: told };
  });
};

/** What outstanding points will cost, with the breakage that the redemption of earlier months of issue suggests. */
export const readLiability = (
  sql: Sql,
  now: Temporal.Instant,
  programme: ProgrammeForFinance | undefined,
): Promise<FinanceContext & LiabilityReport & { openMonth: Month }> => {
  const { zone, expiresAfterMonths, ...books } = booksOf(programme);
  const openMonth = monthAt(zone, now.epochMilliseconds);
  return snapshot(sql, async (tx) => {
    const booking = bookingTable(zone, [openMonth], monthAfter(openMonth));
    const { movements, closedUntilMs } = await readMovements(tx, now, zone, booking, { happened: true });
    const closedUntil = closedUntilMs === null ? null : isoOfMs(closedUntilMs);
    const report = liabilityOf(movements, openMonth, books.values, expiresAfterMonths);
    return { zone, ...books, asOf: now.toString(), closedUntil, openMonth, ...report };
  });
};
