import { expect } from 'vitest';
import type { LedgerHarness } from './ledger.fixture.ts';

/** Months of the solar Hijri year, a point is worth 250 rials. */
export const IRAN = {
  timeZone: 'Asia/Tehran',
  calendar: 'persian' as const,
  pointValues: [{ currency: 'IRR', minor: 2_500, perPoints: 10 }],
  expiresAfterDays: 40,
};

/** A month as the roll-forward tells it. */
export interface Month {
  month: string;
  closed: boolean;
  rows: { cohort?: string | null; points: Record<string, number>; money: Record<string, number>[] }[];
  total: { points: Record<string, number>; money: Record<string, number>[] };
}

/** The same from the entries, as one would add them up by hand: every entry once, by the month of its recording. */
const byHand = async (ledger: LedgerHarness): Promise<Map<string, Map<string, number>>> => {
  const rows = await ledger.sql('ledger')<{ kind: string; points: number; at: string }[]>`
    select kind, ((credit in ('customer', 'pending'))::integer - (debit in ('customer', 'pending'))::integer) * amount as points,
      to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at from transfer where kind <> 'activate'`;
  const months = new Map<string, Map<string, number>>();
  for (const { kind, points, at } of rows) {
    const date = Temporal.Instant.from(at).toZonedDateTimeISO('Asia/Tehran').withCalendar('persian');
    const month = `${date.year}-${String(date.month).padStart(2, '0')}`;
    const kinds = months.get(month) ?? new Map<string, number>();
    months.set(month, kinds.set(kind, (kinds.get(kind) ?? 0) + points));
  }
  return months;
};

/** What the lots of each month of issue hold, reserved points with them, and what is owed. */
const heldByCohort = async (ledger: LedgerHarness): Promise<Record<string, number>> => {
  const rows = await ledger.sql('ledger')<{ ms: number; points: number }[]>`
    select ('x' || left(replace(lot.id::text, '-', ''), 12))::bit(48)::bigint as ms,
      lot.remaining + lot.pending + coalesce((
        select sum(a.points - a.returned) from allocation a join reservation r on r.id = a.owner_id and r.status = 'held'
        where a.lot_id = lot.id
      ), 0)::bigint as points
    from lot`;
  const [owed] = await ledger.sql('ledger')<{ points: number }[]>`
    select coalesce(sum(deficit), 0)::bigint as points from balance`;
  const held: Record<string, number> = {};
  for (const { ms, points } of rows) {
    const date = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO('Asia/Tehran').withCalendar('persian');
    const month = `${date.year}-${String(date.month).padStart(2, '0')}`;
    if (points !== 0) held[month] = (held[month] ?? 0) + points;
  }
  if (owed && owed.points !== 0) held['owed'] = -owed.points;
  return held;
};

/** The same by the tier in which the points were earned; what is owed has none. */
const heldByTier = async (ledger: LedgerHarness): Promise<Record<string, number>> => {
  const rows = await ledger.sql('ledger')<{ tier: string; points: number }[]>`
    select tier, sum(points)::bigint as points from (
      select coalesce(tier, 'none') as tier, remaining + pending as points from lot
      union all
      select coalesce(l.tier, 'none'), a.points - a.returned from allocation a
      join reservation r on r.id = a.owner_id and r.status = 'held' join lot l on l.id = a.lot_id
      union all
      select 'none', -deficit from balance
    ) as held group by tier having sum(points) <> 0`;
  return Object.fromEntries(rows.map(({ tier, points }) => [tier, points]));
};

/** Checks the books against the entries, the balances and the lots. */
export const expectBooksToAgree = async (ledger: LedgerHarness, from: string, to: string): Promise<void> => {
  const get = async (url: string) => (await ledger.call('GET', url)).json();
  const report = await get(`/v1/finance/roll-forward?from=${from}&to=${to}&by=cohort`);
  const months: Month[] = report.months;
  const entries = await byHand(ledger);
  const sum = (month: string, ...kinds: string[]): number =>
    kinds.reduce((total, kind) => total + (entries.get(month)?.get(kind) ?? 0), 0);
  // Of a month of issue no less than nothing is left, and what is owed is no more than nothing.
  for (const { month, rows } of months)
    for (const { cohort, points } of rows) {
      const closing = points['closing'] ?? 0;
      expect([month, cohort, closing, cohort == null ? closing <= 0 : closing >= 0]).toEqual([
        ...[month, cohort, closing],
        true,
      ]);
    }
  let opening = [...entries]
    .flatMap(([month, kinds]) => (month < from ? [...kinds.values()] : []))
    .reduce((a, b) => a + b, 0);
  for (const { month, total } of months) {
    const all = [...(entries.get(month)?.values() ?? [])].reduce((a, b) => a + b, 0);
    expect([month, total.points]).toEqual([
      month,
      {
        opening,
        issued: sum(month, 'earn'),
        takenBack: 0 - sum(month, 'clawback'),
        redeemed: 0 - sum(month, 'redeem', 'redeem_reversal'),
        expired: 0 - sum(month, 'expire', 'expire_reversal'),
        adjusted: sum(month, 'adjust'),
        forfeited: 0 - sum(month, 'forfeit', 'write_off'),
        moved: sum(month, 'transfer_in', 'transfer_out'),
        closing: opening + all,
      },
    ]);
    opening += all;
  }
  const last = months.at(-1);
  const [balances] = await ledger.sql('ledger')<{ held: number }[]>`
    select coalesce(sum(active + pending + reserved - deficit), 0)::bigint as held from balance`;
  expect(last?.total.points['closing']).toBe(balances?.held);
  const told = Object.fromEntries(
    (last?.rows ?? []).flatMap(({ cohort, points }) =>
      points['closing'] === 0 ? [] : [[cohort ?? 'owed', points['closing']]],
    ),
  );
  expect(told).toEqual(await heldByCohort(ledger));
  const byTier = await get(`/v1/finance/roll-forward?from=${from}&to=${to}&by=tier`);
  const tiers = (byTier.months.at(-1)?.rows ?? []) as { tier: string | null; points: Record<string, number> }[];
  expect(
    Object.fromEntries(
      tiers.flatMap(({ tier, points }) => (points['closing'] === 0 ? [] : [[tier ?? 'none', points['closing']]])),
    ),
  ).toEqual(await heldByTier(ledger));
};
