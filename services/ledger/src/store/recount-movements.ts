import type { Tx } from '@vafa/bus';
import type { CalendarZone } from '../domain/calendar.ts';
import { type MonthTable, monthTable } from '../domain/finance/months.ts';
import { type MovementKind, WALLET } from '../domain/finance/movement.ts';
import { entryMovements, hasTiers, issueTable, monthIn } from './finance.ts';
import { msOf } from './instants.ts';

/** A closed stretch of time, as `finance_close` tells it. */
export interface ClosedDay extends CalendarZone {
  /** As Postgres writes it; names the day. */
  until: string;
  sinceMs: number;
  untilMs: number;
  closedAtMs: number;
}

/** What moved in a closed day, as `finance_movement` keeps it: texts are empty for none. */
export interface KeptMovement {
  wallet: string;
  tier: string;
  cohort: string;
  kind: MovementKind;
  happened: string;
  points: number;
}

export const listClosedDays = (tx: Tx): Promise<ClosedDay[]> =>
  tx<ClosedDay[]>`
    select until::text as until, ${tx.unsafe(msOf('since'))} as "sinceMs", ${tx.unsafe(msOf('until'))} as "untilMs",
      ${tx.unsafe(msOf('closed_at'))} as "closedAtMs", calendar, time_zone as "timeZone"
    from ledger.finance_close order by finance_close.until`;

export const readKeptMovements = (tx: Tx, until: string): Promise<KeptMovement[]> =>
  tx<KeptMovement[]>`select wallet, tier, cohort, kind, happened, points from ledger.finance_movement
    where until = ${until}::text::timestamptz`;

/**
 * Did points ever slide? Then lots may expire later than when their day was closed, and so lie in another order now: from which of
 * them a part of a reservation came is not to be told any more.
 */
export const everSlid = async (tx: Tx): Promise<boolean> => {
  const [row] = await tx<{ slid: boolean }[]>`
    select exists (select from ledger.programme_version where definition -> 'expiry' ->> 'kind' = 'sliding') as slid`;
  return row?.slid ?? false;
};

/**
 * Counts closed days anew from their entries, one after the other: by the index on the time of recording, each costs what it
 * holds. Offsets have no entries and are left out.
 */
export const createRecount = async (tx: Tx): Promise<(day: ClosedDay) => Promise<KeptMovement[]>> => {
  // Finance reads the tables by their bare names; who checks may be of another role, with another path.
  await tx`select set_config('search_path', 'ledger, pg_catalog', true)`;
  const tiers = await hasTiers(tx);
  return async (day) => {
    const month = monthTable(day, day.untilMs - 1, day.untilMs - 1).months;
    const booking: MonthTable = { months: month, startsMs: [day.sinceMs] };
    const issue = issueTable(day, day.closedAtMs);
    const rows = await entryMovements(tx, day, booking, issue, { tiers });
    return rows.map(({ cohort, tier, kind, happened, points }) => ({
      wallet: WALLET,
      tier,
      cohort: cohort === null ? '' : monthIn(issue, cohort),
      kind,
      happened: happened === null ? '' : monthIn(issue, happened),
      points,
    }));
  };
};
