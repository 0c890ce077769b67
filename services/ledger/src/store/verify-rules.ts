import type { Tx } from '@vafa/bus';
import type { Fragment } from 'postgres';

/** What breaks an invariant. */
export interface Found {
  subject: string;
  detail: string;
}

/** One invariant, as a query that finds what breaks it. */
export interface Rule {
  rule: string;
  find: (tx: Tx, limit: number) => Promise<Found[]>;
}

/**
 * The first of what a query finds that joins whole tables. Planned as if all of it were wanted: for the few alone the planner would
 * look up each row of one table in the other, in the hope to find them soon, and in a sound book there are none (2 s in place of 20
 * for two million lots and their entries).
 */
export const firstOf = (tx: Tx, limit: number, query: Fragment): Promise<Found[]> =>
  tx<Found[]>`with found as materialized (${query}) select subject, detail from found limit ${limit}`;

/** Names are qualified: the checks are also run by roles whose search_path is another. */
export const RULES: readonly Rule[] = [
  {
    // House accounts are summed from the entries, customers from their balance rows: two independent sums.
    rule: 'entries_sum_to_zero',
    find: (tx) => tx<Found[]>`
      select 'ledger' as subject, 'house accounts hold ' || house || ', customers ' || customers as detail
      from (
        select coalesce(sum(case when credit in ('customer', 'pending') then -amount else amount end), 0) as house
        from ledger.transfer where kind <> 'activate'
      ) h, (select coalesce(sum(active + pending + reserved - deficit), 0) as customers from ledger.balance) c
      where house + customers <> 0`,
  },
  {
    rule: 'balance_is_entries',
    find: (tx, limit) => tx<Found[]>`
      select coalesce(b.customer_id, t.customer_id) as subject,
        'balance ' || coalesce(b.active + b.reserved - b.deficit, 0) || ' of ' || coalesce(b.seq, 0) || ' transfers, entries '
          || coalesce(t.points, 0) || ' of ' || coalesce(t.transfers, 0) as detail
      from ledger.balance b full join (
        select customer_id, count(*) as transfers, max(seq) as last,
          sum(case 'customer' when credit then amount when debit then -amount else 0 end) as points,
          sum(case 'pending' when credit then amount when debit then -amount else 0 end) as pending
        from ledger.transfer group by customer_id
      ) t using (customer_id)
      where coalesce(b.active + b.reserved - b.deficit, 0) <> coalesce(t.points, 0)
        or coalesce(b.pending, 0) <> coalesce(t.pending, 0)
        or coalesce(b.seq, 0) <> coalesce(t.transfers, 0) or coalesce(b.seq, 0) <> coalesce(t.last, 0)
      limit ${limit}`,
  },
  {
    rule: 'running_balance',
    // The database itself refuses a number that is given twice only within a week.
    find: (tx, limit) => tx<Found[]>`
      select customer_id as subject, 'transfer ' || id || ', the ' || nth || '. with number ' || seq || ', says ' || balance_after
        || ', the sum so far is ' || so_far as detail
      from (
        select customer_id, id, seq, balance_after, row_number() over by_number as nth,
          sum(case 'customer' when credit then amount when debit then -amount else 0 end) over by_number as so_far
        from ledger.transfer window by_number as (partition by customer_id order by seq rows unbounded preceding)
      ) t where balance_after <> so_far or seq <> nth limit ${limit}`,
  },
  {
    rule: 'counters_are_entries',
    find: (tx, limit) => tx<Found[]>`
      select b.customer_id as subject, 'a lifetime counter differs from the entries of its kind' as detail
      from ledger.balance b left join (
        select customer_id,
          sum(amount) filter (where kind = 'earn') as earned, sum(amount) filter (where kind = 'clawback') as clawed_back,
          sum(case kind when 'redeem' then amount else -amount end) filter (where kind in ('redeem', 'redeem_reversal')) as spent,
          sum(case kind when 'expire' then amount else -amount end) filter (where kind in ('expire', 'expire_reversal')) as expired,
          sum(gained) filter (where kind = 'adjust') as adjusted,
          sum(gained) filter (where kind in ('transfer_out', 'transfer_in', 'forfeit', 'write_off')) as moved
        from (
          select customer_id, kind, amount, case when credit in ('customer', 'pending') then amount else -amount end as gained
          from ledger.transfer
        ) as each group by customer_id
      ) t using (customer_id)
      where b.earned <> coalesce(t.earned, 0) or b.clawed_back <> coalesce(t.clawed_back, 0)
        or b.spent <> coalesce(t.spent, 0) or b.expired <> coalesce(t.expired, 0)
        or b.adjusted <> coalesce(t.adjusted, 0) or b.moved <> coalesce(t.moved, 0)
      limit ${limit}`,
  },
  {
    // Whoever was merged into somebody names the last of the line. What one who was merged counts of others no longer moves on.
    rule: 'former_is_merged',
    find: (tx, limit) => tx<Found[]>`
      select b.customer_id as subject, 'former earned ' || b.former_earned || ', spent ' || b.former_spent || ', expired '
        || b.former_expired || ', the merged earned ' || coalesce(f.earned, 0) || ', spent ' || coalesce(f.spent, 0) || ', expired '
        || coalesce(f.expired, 0) as detail
      from ledger.balance b left join (
        select merged_into, sum(earned) as earned, sum(spent) as spent, sum(expired) as expired
        from ledger.balance where merged_into is not null group by merged_into
      ) f on f.merged_into = b.customer_id
      where b.merged_into is null and (b.former_earned <> coalesce(f.earned, 0) or b.former_spent <> coalesce(f.spent, 0)
        or b.former_expired <> coalesce(f.expired, 0))
      limit ${limit}`,
  },
  {
    rule: 'balance_is_lots',
    find: (tx, limit) => tx<Found[]>`
      select coalesce(b.customer_id, l.customer_id) as subject,
        'active ' || coalesce(b.active, 0) || ', open lots ' || coalesce(l.remaining, 0) || ', pending '
          || coalesce(b.pending, 0) || ', pending lots ' || coalesce(l.pending, 0) as detail
      from ledger.balance b full join (
        select customer_id, sum(remaining) as remaining, sum(pending) as pending from ledger.lot group by customer_id
      ) l using (customer_id)
      where coalesce(b.active, 0) <> coalesce(l.remaining, 0) or coalesce(b.pending, 0) <> coalesce(l.pending, 0)
      limit ${limit}`,
  },
  {
    // What is outside of its bounds would not be found: by who redeems, by who expires, by who makes spendable.
    rule: 'bounds_hold',
    find: (tx, limit) => tx<Found[]>`
      select customer_id as subject, 'lots expire or become spendable outside of the bounds ' || coalesce(next_expiry_at::text, 'none')
        || ' to ' || coalesce(last_expiry_at::text, 'none') || ', ' || coalesce(next_activation_at::text, 'none') as detail
      from ledger.balance b join (
        select customer_id, min(expires_at) filter (where remaining > 0 and slides) as sliding,
          min(expires_at) filter (where remaining > 0 and not slides) as fixed,
          max(expires_at) filter (where remaining > 0) as last, min(pending_until) filter (where pending > 0) as activation
        from ledger.lot where remaining > 0 or pending > 0 group by customer_id
      ) l using (customer_id)
      where (sliding is not null and coalesce(next_expiry_at, 'infinity') > greatest(sliding, slides_until))
        or coalesce(next_expiry_at, 'infinity') > fixed
        or coalesce(last_expiry_at, '-infinity') < last or coalesce(next_activation_at, 'infinity') > activation
      limit ${limit}`,
  },
  {
    rule: 'reserved_is_reservations',
    find: (tx, limit) => tx<Found[]>`
      select coalesce(b.customer_id, r.customer_id) as subject,
        'reserved ' || coalesce(b.reserved, 0) || ', open reservations ' || coalesce(r.points, 0) as detail
      from ledger.balance b full join (
        select customer_id, sum(points) as points from ledger.reservation where status = 'held' group by customer_id
      ) r using (customer_id)
      where coalesce(b.reserved, 0) <> coalesce(r.points, 0) limit ${limit}`,
  },
  {
    rule: 'lot_parts_add_up',
    find: (tx, limit) => tx<Found[]>`
      select l.id::text as subject, 'granted ' || granted || ', remaining ' || remaining || ', pending ' || pending || ', absorbed ' || absorbed || ', expired '
        || expired || ', allocated ' || coalesce(a.points, 0) as detail
      from ledger.lot l left join (
        select lot_id, sum(points - returned) as points from ledger.allocation group by lot_id
      ) a on a.lot_id = l.id
      where remaining < 0
        -- Points given back into a deficit were allocated, returned and absorbed.
        or granted <> remaining + pending + absorbed + expired + coalesce(a.points, 0)
      limit ${limit}`,
  },
  {
    // Who is merged or erased takes along the lots that its history, and that of who was merged into it, brought.
    rule: 'lot_belongs_to_its_credit',
    find: (tx, limit) =>
      firstOf(
        tx,
        limit,
        tx`
      select l.id::text as subject, 'the lot is of ' || l.customer_id || ', its credit of ' || t.customer_id as detail
      from ledger.lot l join ledger.transfer t using (id)
      left join ledger.balance b on b.customer_id = t.customer_id
      where l.customer_id <> t.customer_id and b.merged_into is distinct from l.customer_id`,
      ),
  },
  {
    rule: 'lot_is_a_credit',
    find: (tx, limit) =>
      firstOf(
        tx,
        limit,
        tx`
      select coalesce(l.id, t.id)::text as subject, 'a lot without its credit, or a credit without its lot' as detail
      from ledger.lot l full join (
        select id, amount from ledger.transfer where kind = 'earn' or (kind = 'adjust' and credit = 'customer')
          -- Given by another customer; what came by a merger brought the other's own lots.
          or (kind = 'transfer_in' and lot_id is not null)
      ) t on t.id = l.id
      where t.id is null or l.id is null or l.granted <> t.amount`,
      ),
  },
  {
    rule: 'allocations_cover_owners',
    find: (tx, limit) => tx<Found[]>`
      select r.id::text as subject, r.status || ' reservation of ' || r.points || ', captured ' || r.captured || ', its lots gave '
        || coalesce(a.points, 0) || ' of ' || coalesce(a.drawn, 0) as detail
      from ledger.reservation r left join (
        select owner_id, sum(points - returned) as points, sum(points) as drawn from ledger.allocation group by owner_id
      ) a on a.owner_id = r.id
      -- What it drew stays as it was when it was made, whatever came back since.
      where coalesce(a.drawn, 0) <> r.points
        or coalesce(a.points, 0) <> case r.status when 'held' then r.points else r.captured - r.given_back end
      limit ${limit}`,
  },
  {
    rule: 'redeemed_once',
    find: (tx, limit) => tx<Found[]>`
      select r.id::text as subject, 'captured ' || r.captured || ', entries ' || coalesce(t.points, 0) as detail
      from ledger.reservation r full join (
        select reservation_id as id, sum(amount) as points from ledger.transfer where kind = 'redeem' group by reservation_id
      ) t using (id)
      where coalesce(r.captured, 0) <> coalesce(t.points, 0) limit ${limit}`,
  },
  {
    rule: 'given_back_is_reversals',
    find: (tx, limit) => tx<Found[]>`
      select r.id::text as subject, 'gave back ' || r.given_back || ', entries ' || coalesce(t.points, 0) as detail
      from ledger.reservation r full join (
        select reservation_id as id, sum(amount) as points from ledger.transfer where kind = 'redeem_reversal'
        group by reservation_id
      ) t using (id)
      where coalesce(r.given_back, 0) <> coalesce(t.points, 0) limit ${limit}`,
  },
  {
    rule: 'refund_is_reversals',
    find: (tx, limit) => tx<Found[]>`
      select coalesce(r.refund_id, t.refund_id) as subject,
        'gave back ' || coalesce(r.points_given_back, 0) || ', entries ' || coalesce(t.points, 0) as detail
      from ledger.refund r full join (
        select refund_id, sum(amount) as points from ledger.transfer
        where kind = 'redeem_reversal' and refund_id is not null group by refund_id
      ) t using (refund_id)
      where coalesce(r.points_given_back, 0) <> coalesce(t.points, 0) limit ${limit}`,
  },
  {
    rule: 'one_earn_per_order',
    find: (tx, limit) =>
      firstOf(
        tx,
        limit,
        tx`
      select coalesce(p.order_id, t.order_id) as subject,
        'earned ' || coalesce(p.points_earned, 0) || ', ' || coalesce(t.entries, 0) || ' entries of ' || coalesce(t.points, 0) as detail
      from ledger.purchase p full join (
        select order_id, count(*) as entries, sum(amount) as points from ledger.transfer
        where kind = 'earn' and order_id is not null group by order_id
      ) t using (order_id)
      where coalesce(p.points_earned, 0) <> coalesce(t.points, 0)
        or coalesce(t.entries, 0) <> coalesce(jsonb_array_length(p.awards), num_nonnulls(p.earn_id))`,
      ),
  },
  {
    // A customer's orders are found by the entries that they made, see `orderIdsOf`.
    rule: 'order_belongs_to_its_entry',
    find: (tx, limit) =>
      firstOf(
        tx,
        limit,
        tx`
      select p.order_id as subject, 'the order is of ' || p.customer_id || ', its entry of ' || t.customer_id as detail
      from ledger.purchase p join ledger.transfer t on t.id = p.earn_id
      left join ledger.balance b on b.customer_id = t.customer_id
      where p.customer_id <> t.customer_id and b.merged_into is distinct from p.customer_id`,
      ),
  },
  {
    // The list of an order that rules had a part in: [rule, entry, points, due back so far].
    rule: 'awards_are_entries',
    find: (tx, limit) =>
      firstOf(
        tx,
        limit,
        tx`
      select p.order_id as subject, 'entry ' || (a ->> 1) || ' of rule ' || (a ->> 0) || ' is not as the order says' as detail
      from ledger.purchase p cross join lateral jsonb_array_elements(p.awards) as a
      left join ledger.transfer t on t.id = (a ->> 1)::uuid
      where t.id is null or t.kind <> 'earn' or t.order_id <> p.order_id or t.rule_id <> a ->> 0
        or t.amount <> (a ->> 2)::bigint or (a ->> 3)::bigint not between 0 and t.amount`,
      ),
  },
  {
    rule: 'taken_back_is_clawbacks',
    find: (tx, limit) => tx<Found[]>`
      select coalesce(p.order_id, t.order_id) as subject,
        'taken back ' || coalesce(p.points_taken_back, 0) || ' of ' || coalesce(p.points_earned, 0) || ', entries '
          || coalesce(t.points, 0) as detail
      from ledger.purchase p full join (
        select order_id, sum(amount) as points from ledger.transfer where kind = 'clawback' group by order_id
      ) t using (order_id)
      where coalesce(p.points_taken_back, 0) <> coalesce(t.points, 0)
        or coalesce(p.points_taken_back, 0) > coalesce(p.points_earned, 0) limit ${limit}`,
  },
  {
    rule: 'refund_is_clawbacks',
    find: (tx, limit) => tx<Found[]>`
      select coalesce(r.refund_id, t.refund_id) as subject,
        'took ' || coalesce(r.points_taken, 0) || ', entries ' || coalesce(t.points, 0) as detail
      from ledger.refund r full join (
        select refund_id, sum(amount) as points from ledger.transfer where kind = 'clawback' group by refund_id
      ) t using (refund_id)
      where coalesce(r.points_taken, 0) <> coalesce(t.points, 0) limit ${limit}`,
  },
  {
    rule: 'no_refund_forgotten',
    find: (tx, limit) => tx<Found[]>`
      select refund_id as subject, 'waits although order ' || p.order_id || ' is there' as detail
      from ledger.refund r join ledger.purchase p using (order_id)
      where r.status = 'waiting' limit ${limit}`,
  },
  {
    // Whichever of the two was told first.
    rule: 'awaited_is_not_done',
    find: (tx, limit) => tx<Found[]>`
      select l.id::text as subject, 'awaits ' || l.awaits || ', which was done at ' || done.occurred_at as detail
      from ledger.lot l join ledger.transfer t on t.id = l.id
      join ledger.awaited_interaction done on done.customer_id = l.customer_id and done.interaction_type = l.awaits
        and done.order_id in ('', t.order_id) and done.occurred_at < l.pending_until
        and done.occurred_at >= t.occurred_at + case when t.order_id is null then interval '1 millisecond' else '0' end
      where l.pending > 0 limit ${limit}`,
  },
];
