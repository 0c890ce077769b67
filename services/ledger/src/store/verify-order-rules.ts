import { firstOf, type Rule } from './verify-rules.ts';

/** SQL: what each refund took from each order, as `refund.matches` says. */
const MATCHED = `select r.refund_id, m ->> 0 as order_id,
  (m ->> 1)::bigint as minor, (m ->> 2)::bigint as due, (m ->> 3)::bigint as taken
  from ledger.refund r cross join lateral jsonb_array_elements(r.matches) as m`;

/** What must always hold of orders, of what they cost and of what was refunded of them. */
export const ORDER_RULES: readonly Rule[] = [
  {
    rule: 'refunded_is_matches',
    find: (tx, limit) => tx`
      select coalesce(p.order_id, m.order_id) as subject, 'refunded ' || coalesce(p.refunded_minor, 0) || ' of '
        || coalesce(p.total_minor, 0) || ', refunds took ' || coalesce(m.minor, 0) as detail
      from (select order_id, total_minor, refunded_minor from ledger.purchase) p full join (
        select order_id, sum(minor) as minor from (${tx.unsafe(MATCHED)}) each group by order_id
      ) m using (order_id)
      where coalesce(p.refunded_minor, 0) <> coalesce(m.minor, 0) limit ${limit}`,
  },
  {
    rule: 'refund_is_matches',
    find: (tx, limit) => tx`
      select r.refund_id as subject, 'took ' || r.matched_minor || ' for ' || r.points_due || ' points, from its orders '
        || coalesce(m.minor, 0) || ' for ' || coalesce(m.due, 0) as detail
      from ledger.refund r left join (
        select refund_id, sum(minor) as minor, sum(due) as due from (${tx.unsafe(MATCHED)}) each group by refund_id
      ) m using (refund_id)
      where r.matched_minor <> coalesce(m.minor, 0) or r.points_due <> coalesce(m.due, 0) limit ${limit}`,
  },
  {
    rule: 'refund_is_of_its_orders_customer',
    find: (tx, limit) => tx`
      select r.refund_id || ' ' || m.order_id as subject, 'a refund of ' || r.customer_id || ' took of an order of '
        || coalesce(p.customer_id, 'nobody') as detail
      from (${tx.unsafe(MATCHED)}) m join ledger.refund r using (refund_id) left join ledger.purchase p on p.order_id = m.order_id
      where p.customer_id is distinct from r.customer_id limit ${limit}`,
  },
  {
    rule: 'refund_adds_up',
    find: (tx, limit) => tx`
      select refund_id as subject, 'of ' || said || ', took ' || matched_minor || ', left ' || unmatched_minor as detail
      from (
        select refund_id, matched_minor, unmatched_minor, case scope when 'amount' then amount_minor
          else (select sum((line ->> 2)::bigint) from jsonb_array_elements(lines) as line) end as said
        from ledger.refund where status = 'applied' and scope <> 'whole'
      ) r where matched_minor + unmatched_minor <> said limit ${limit}`,
  },
  {
    // Pieces or money are left of it, no more than were not found; and who looks for it by its customer finds it.
    rule: 'open_refund_lacks_something',
    find: (tx, limit) => tx`
      select r.refund_id as subject, 'open until ' || coalesce(r.open_until::text, '?') || ', left ' || r.unmatched_minor
        || ' and ' || coalesce(r.open_lines::text, 'no lines') || ', to close from '
        || coalesce(b.next_closing_at::text, '?') as detail
      from ledger.refund r left join ledger.balance b using (customer_id) cross join lateral (
        select count(*) as lines, coalesce(sum((line ->> 2)::bigint), 0) as minor
        from jsonb_array_elements(r.open_lines) as line where (line ->> 1)::bigint > 0
      ) as left_of
      where (r.open_until is not null or r.open_lines is not null) and not coalesce(
        r.status = 'applied' and r.order_id is null and b.next_closing_at <= r.open_until
        and case r.scope when 'lines' then left_of.lines > 0 and left_of.minor <= r.unmatched_minor
          else r.open_lines is null and r.unmatched_minor > 0 end,
        false) limit ${limit}`,
  },
  {
    // What the rate gave for the total, before multipliers: the entry's points, or the first step of its explanation. Totals that
    // round to the same points look the same.
    rule: 'order_is_priced',
    find: (tx, limit) =>
      firstOf(
        tx,
        limit,
        tx`
      select order_id as subject, 'total ' || total_minor || ', the rate gave ' || points || ' points in place of ' || price as detail
      from (
        select p.order_id, p.total_minor, case when t.explanation is null then t.amount
            else (t.explanation -> 0 ->> 'points')::bigint end as points,
          case v.definition ->> 'rounding'
            when 'ceil' then div(exact.up + exact.down - 1, exact.down)
            when 'half_up' then div(exact.up * 2 + exact.down, exact.down * 2)
            else div(exact.up, exact.down) end as price
        from ledger.purchase p
        join ledger.transfer t on t.id = case when p.awards is null then p.earn_id else (
          select (a ->> 1)::uuid from jsonb_array_elements(p.awards) as a where a ->> 0 = 'base' limit 1
        ) end and t.rule_id = 'base'
        join ledger.programme_version v on v.version = p.programme_version
        cross join lateral jsonb_array_elements(v.definition -> 'rates') as rate
        cross join lateral (
          select p.total_minor::numeric * (rate ->> 'points')::numeric as up, (rate ->> 'perMinor')::numeric as down
        ) as exact
        where rate ->> 'currency' = p.currency
      ) as priced
      where points <> price`,
      ),
  },
  {
    // Of what refunds were to take, some is taken, some had expired (waived), some was not there any more.
    rule: 'waived_was_due',
    find: (tx, limit) => tx`
      select coalesce(w.order_id, w.id::text) as subject, 'waived ' || w.waived || ', due and not taken '
        || coalesce(m.due - m.taken, 0) as detail
      from (
        select t.order_id, case when t.order_id is null then l.id end as id, sum(l.waived) as waived
        from ledger.lot l left join ledger.transfer t on t.id = l.id and t.kind = 'earn' where l.waived <> 0 group by 1, 2
      ) w left join (
        select order_id, sum(due) as due, sum(taken) as taken from (${tx.unsafe(MATCHED)}) each group by order_id
      ) m using (order_id)
      where w.waived > coalesce(m.due - m.taken, 0) limit ${limit}`,
  },
  {
    // A refund waits for reservations of its customer that are open, and that know of it: when they end, it takes.
    rule: 'held_by_open_reservations',
    find: (tx, limit) => tx`
      select r.refund_id as subject, 'waits for reservation ' || by.id || ', which is '
        || case when v.id is null then 'not there' when v.status <> 'held' then v.status
          when v.customer_id <> r.customer_id then 'of ' || v.customer_id else 'not told of it' end as detail
      from ledger.refund r cross join lateral jsonb_array_elements_text(r.held -> 0) as by (id)
      left join ledger.reservation v on v.id = by.id::uuid
      where r.held is not null and (v.id is null or v.status <> 'held' or v.customer_id <> r.customer_id or not v.claimed)
      limit ${limit}`,
  },
  {
    // Of what a refund was to take of an order, some is taken, some is held; and what it holds is of the order's own entries.
    rule: 'held_was_due',
    find: (tx, limit) => tx`
      select h.refund_id as subject, 'is to take ' || h.points || ' of ' || h.order_id || ' that are held, due and not taken '
        || coalesce(m.due - m.taken, 0) || case when h.of_entries then '' else ', not all of its entries' end as detail
      from (
        select r.refund_id, d ->> 0 as order_id, sum((d ->> 3)::bigint) as points, min((d ->> 3)::bigint) as least,
          bool_and(t.id is not null) as of_entries
        from ledger.refund r cross join lateral jsonb_array_elements(r.held - 0) as d
        left join ledger.transfer t on t.id = (d ->> 2)::uuid and t.kind = 'earn' and t.order_id = d ->> 0 and t.rule_id = d ->> 1
        where r.held is not null group by 1, 2
      ) h left join (
        select refund_id, order_id, sum(due) as due, sum(taken) as taken from (${tx.unsafe(`${MATCHED} where r.held is not null`)}) each
        group by refund_id, order_id
      ) m using (refund_id, order_id)
      where h.points > coalesce(m.due - m.taken, 0) or h.least <= 0 or not h.of_entries limit ${limit}`,
  },
];
