import type { MovementKind } from '../domain/finance/movement.ts';
import { WALLET } from '../domain/finance/movement.ts';
import { absorbedSoFar, issueTable, monthIn } from './finance.ts';
import { createRecount, everSlid, type KeptMovement, listClosedDays, readKeptMovements } from './recount-movements.ts';
import type { Rule } from './verify-rules.ts';

/** Kinds of which a part may come from some lots of an owner only, in their order of spending. */
const IN_PARTS: readonly MovementKind[] = ['redeem', 'redeem_reversal'];

type Place = Omit<KeptMovement, 'points'>;

const placeText = ({ wallet, tier, cohort, kind, happened }: Place): string =>
  `${kind} of ${cohort || 'what is owed'}, tier ${tier || 'none'}${happened ? `, in ${happened}` : ''}, wallet ${wallet}`;

/** Points by place. `coarse`: what is spent is told apart neither by month of issue nor by tier. */
const byPlace = (movements: readonly KeptMovement[], coarse: boolean): Map<string, number> => {
  const sums = new Map<string, number>();
  for (const { points, ...place } of movements) {
    if (place.kind === 'offset') continue;
    const told = coarse && IN_PARTS.includes(place.kind) ? { ...place, cohort: 'any month', tier: 'any' } : place;
    const text = placeText(told);
    sums.set(text, (sums.get(text) ?? 0) + points);
  }
  return sums;
};

/** What must always hold of each movement of the closed books. They are counted anew day by day, so memory holds one day. */
export const MOVEMENT_RULES: readonly Rule[] = [
  {
    rule: 'movements_are_entries',
    find: async (tx, limit) => {
      const days = await listClosedDays(tx);
      if (days.length === 0) return [];
      const [coarse, recount] = [await everSlid(tx), await createRecount(tx)];
      const found: { subject: string; detail: string }[] = [];
      for (const day of days) {
        const kept = byPlace(await readKeptMovements(tx, day.until), coarse);
        const counted = byPlace(await recount(day), coarse);
        for (const place of new Set([...kept.keys(), ...counted.keys()])) {
          const [closed, entries] = [kept.get(place) ?? 0, counted.get(place) ?? 0];
          if (closed === entries) continue;
          found.push({ subject: day.until, detail: `${place}: closed with ${closed}, entries of ${entries}` });
          if (found.length >= limit) return found;
        }
      }
      return found;
    },
  },
  {
    // What credits paid off is in no entry: the lots say how much of each month of issue, up to the end of what is closed.
    rule: 'offsets_are_absorbed',
    find: async (tx, limit) => {
      const days = await listClosedDays(tx);
      const last = days.at(-1);
      // Months of two calendars, from before that was refused, can't be compared.
      if (!last || days.some(({ calendar, timeZone }) => calendar !== last.calendar || timeZone !== last.timeZone))
        return [];
      const closed = await tx<Omit<KeptMovement, 'kind'>[]>`
        select wallet, tier, cohort, happened, sum(points)::bigint as points from ledger.finance_movement
        where kind = 'offset' group by 1, 2, 3, 4`;
      await tx`select set_config('search_path', 'ledger, pg_catalog', true)`;
      const issue = issueTable(last, last.closedAtMs);
      const absorbed = new Map<string, number>();
      for (const { cohort, tier, points } of closed.length === 0 ? [] : await absorbedSoFar(tx, last.untilMs, issue))
        absorbed.set(`${monthIn(issue, cohort)} ${tier}`, points);
      return closed
        .filter(({ wallet, tier, cohort, happened, points }) => {
          if (wallet !== WALLET || happened !== '') return true;
          if (cohort === '') return tier !== '';
          return points > 0 || -points > (absorbed.get(`${cohort} ${tier}`) ?? 0);
        })
        .slice(0, limit)
        .map(({ points, ...place }) => ({
          subject: placeText({ ...place, kind: 'offset' }),
          detail: `closed with ${points}, the lots' credits paid off ${absorbed.get(`${place.cohort} ${place.tier}`) ?? 0}`,
        }));
    },
  },
  {
    rule: 'paid_off_is_absorbed',
    find: (tx, limit) => tx<{ subject: string; detail: string }[]>`
      select p.lot_id::text as subject, 'paid off ' || p.points || ' of what was owed, absorbed ' || coalesce(l.absorbed, 0) as detail
      from (select lot_id, sum(points) as points from ledger.paid_off group by lot_id) p
      left join ledger.lot l on l.id = p.lot_id
      where p.points > coalesce(l.absorbed, 0) limit ${limit}`,
  },
];
