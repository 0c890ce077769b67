import type { Rule } from './verify-rules.ts';

/** What must always hold of closed books. */
export const FINANCE_RULES: readonly Rule[] = [
  {
    rule: 'closed_books_are_entries',
    find: (tx, limit) => tx`
      with bounds as (
        select until, entries, points, row_number() over (order by until) as nth from ledger.finance_close
      ), counted as (
        select width_bucket(recorded_at, (select array_agg(until order by until) from ledger.finance_close)) + 1 as nth,
          count(*) as entries,
          sum(((credit in ('customer', 'pending'))::integer - (debit in ('customer', 'pending'))::integer) * amount) as points
        from ledger.transfer where exists (select from ledger.finance_close) group by 1
      )
      select b.until::text as subject, 'closed with ' || b.entries || ' entries of ' || b.points || ', there are '
        || coalesce(c.entries, 0) || ' of ' || coalesce(c.points, 0) as detail
      from bounds b left join counted c using (nth)
      where b.entries <> coalesce(c.entries, 0) or b.points <> coalesce(c.points, 0) limit ${limit}`,
  },
  {
    rule: 'closed_books_add_up',
    find: (tx, limit) => tx`
      select c.until::text as subject, 'closed with ' || c.points || ', what moved comes to ' || coalesce(m.points, 0) as detail
      from ledger.finance_close c left join (
        select until, sum(points) as points from ledger.finance_movement group by until
      ) m using (until)
      where c.points <> coalesce(m.points, 0) limit ${limit}`,
  },
  {
    rule: 'closed_books_follow',
    find: (tx, limit) => tx`
      select until::text as subject, 'begins ' || since || ', the one before ended ' || before as detail
      from (select until, since, lag(until) over (order by until) as before from ledger.finance_close) as closed
      where since <> before limit ${limit}`,
  },
  {
    rule: 'movements_are_closed',
    find: (tx, limit) => tx`
      select until::text as subject, 'moves points of books that are not closed' as detail
      from ledger.finance_movement where not exists (select from ledger.finance_close c where c.until = finance_movement.until)
      limit ${limit}`,
  },
];
