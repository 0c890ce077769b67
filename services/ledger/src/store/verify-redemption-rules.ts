import { firstOf, type Rule } from './verify-rules.ts';

/** What must always hold of rewards, coupons and payments with points. */
export const REDEMPTION_RULES: readonly Rule[] = [
  {
    rule: 'reward_stock_is_claims',
    find: (tx, limit) => tx`
      select r.id::text as subject, 'stock ' || (r.definition ->> 'stock') || ', left ' || coalesce(s.remaining, 0) || ', claimed '
        || coalesce(c.claims, 0) as detail
      from ledger.reward r
      left join (select reward_id, sum(remaining) as remaining from ledger.reward_stock group by reward_id) s on s.reward_id = r.id
      left join (
        select reward_id, count(*) as claims from ledger.reward_claim where status = 'claimed' group by reward_id
      ) c on c.reward_id = r.id
      where (r.definition ->> 'stock')::bigint is distinct from
        case when r.definition ->> 'stock' is null then null else coalesce(s.remaining, 0) + coalesce(c.claims, 0) end
        or (r.definition ->> 'stock' is null and s.reward_id is not null)
      limit ${limit}`,
  },
  {
    rule: 'claim_is_spent',
    find: (tx, limit) =>
      firstOf(
        tx,
        limit,
        tx`
      select c.id::text as subject, 'claim of ' || c.points || ', entry of ' || coalesce(t.amount, 0) || ', given back '
        || coalesce(b.amount, 0) as detail
      from ledger.reward_claim c
      left join ledger.transfer t on t.id = c.entry_id and t.kind = 'redeem' and t.reservation_id = c.reservation_id
      left join ledger.transfer b on b.id = c.cancel_entry_id and b.kind = 'redeem_reversal' and b.reverses_id = c.entry_id
      where t.amount is distinct from c.points
        or b.amount is distinct from case c.status when 'cancelled' then c.points end`,
      ),
  },
  {
    rule: 'claim_has_its_code',
    find: (tx, limit) => tx`
      select coalesce(c.id, k.claim_id)::text as subject, 'a claim and its code do not name each other, or outlive each other' as detail
      from (select * from ledger.reward_claim where coupon_code is not null) c
      full join (select * from ledger.coupon where claim_id is not null) k on k.code = c.coupon_code and k.claim_id = c.id
      where c.id is null or k.code is null or k.customer_id is distinct from c.customer_id
        or (c.status = 'cancelled' and not k.voided)
      limit ${limit}`,
  },
  {
    rule: 'coupon_counts_are_uses',
    find: (tx, limit) => tx`
      select coalesce(c.code, u.code) as subject, 'held ' || coalesce(c.reserved, 0) || ', used ' || coalesce(c.redeemed, 0)
        || ', orders hold ' || coalesce(u.reserved, 0) || ' and use ' || coalesce(u.redeemed, 0) as detail
      from (select code, reserved, redeemed from ledger.coupon where reserved > 0 or redeemed > 0) c full join (
        select code, count(*) filter (where r.status = 'reserved') as reserved, count(*) filter (where r.status = 'redeemed') as redeemed
        from ledger.coupon_use u join ledger.coupon_redemption r using (order_id) where u.live group by code
      ) u using (code)
      where coalesce(c.reserved, 0) <> coalesce(u.reserved, 0) or coalesce(c.redeemed, 0) <> coalesce(u.redeemed, 0)
      limit ${limit}`,
  },
  {
    rule: 'redemption_is_its_codes',
    find: (tx, limit) => tx`
      select r.order_id as subject, r.status || ' attempt ' || r.attempt || ' gives ' || r.discount_minor || ', its codes '
        || coalesce(u.discount, 0) || ', ' || coalesce(u.live, 0) || ' of ' || coalesce(u.uses, 0) || ' count' as detail
      from ledger.coupon_redemption r left join (
        select order_id, attempt, sum(discount_minor) as discount, count(*) as uses, count(*) filter (where live) as live
        from ledger.coupon_use group by order_id, attempt
      ) u using (order_id, attempt)
      where coalesce(u.discount, 0) <> r.discount_minor
        or coalesce(u.live, 0) <> case when r.status in ('reserved', 'redeemed') then coalesce(u.uses, 0) else 0 end
      union all
      select order_id, 'an earlier attempt still counts' from ledger.coupon_use u join ledger.coupon_redemption r using (order_id)
      where u.live and u.attempt <> r.attempt
      limit ${limit}`,
  },
  {
    rule: 'coupon_use_is_of_its_order',
    find: (tx, limit) => tx`
      select u.order_id || ' ' || u.code as subject,
        'counts for another customer than its order, or another pool than its code' as detail
      from ledger.coupon_use u join ledger.coupon_redemption r using (order_id, attempt) left join ledger.coupon c using (code)
      where u.customer_id is distinct from r.customer_id or u.pool_id is distinct from c.pool_id
      limit ${limit}`,
  },
  {
    // As many points as the money costs at its value, rounded up; and that is what some version said points are worth.
    rule: 'payment_is_worth_it',
    find: (tx, limit) => tx`
      select p.reservation_id::text as subject, p.amount_minor || ' for ' || coalesce(r.points, 0) || ' points, '
        || coalesce(p.captured_minor, 0) || ' paid with ' || coalesce(r.captured, 0) || ' at ' || p.value_minor || ' per '
        || p.per_points || case when v.said is null then ', which no version says' else '' end as detail
      from ledger.points_payment p left join ledger.reservation r on r.id = p.reservation_id
      left join (
        select distinct value as said from ledger.programme_version cross join jsonb_array_elements(definition -> 'pointValues') as value
      ) v on v.said = jsonb_build_object('currency', p.currency, 'minor', p.value_minor, 'perPoints', p.per_points)
      where r.id is null or v.said is null
        or r.points <> div(p.amount_minor::numeric * p.per_points + p.value_minor - 1, p.value_minor)
        or (p.captured_minor is not null and (r.status <> 'captured'
          or r.captured <> div(p.captured_minor::numeric * p.per_points + p.value_minor - 1, p.value_minor)))
      limit ${limit}`,
  },
];
