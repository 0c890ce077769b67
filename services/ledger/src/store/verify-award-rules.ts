import { firstOf, type Rule } from './verify-rules.ts';

/** What must always hold of what was given without an order, and of the tiers that are kept. */
export const AWARD_RULES: readonly Rule[] = [
  {
    // What was given and is not known as given could be given again. The other way round is no damage: caps may leave nothing.
    rule: 'award_is_known_as_given',
    find: (tx, limit) =>
      firstOf(
        tx,
        limit,
        tx`
      select t.id::text as subject, 'rule ' || coalesce(t.rule_id, '?') || ' gave ' || t.amount || ', which could be given again' as detail
      from (select id, rule_id, amount from ledger.transfer where kind = 'earn' and order_id is null) t
      left join ledger.rule_award a on a.transfer_id = t.id where a.key is null`,
      ),
  },
  {
    // Ids of levels of any version: who has one that is no more keeps it until somebody looks.
    rule: 'tier_is_a_level',
    find: (tx, limit) => tx`
      select s.customer_id as subject, 'has the tier ' || s.tier || ', which no version of the programme has' as detail
      from ledger.tier_state s
      where s.tier is not null and not exists (
        select from ledger.programme_version v cross join lateral jsonb_array_elements(v.definition #> '{tiers,levels}') as l
        where l ->> 'id' = s.tier
      ) limit ${limit}`,
  },
  {
    // Else nobody would look when it is due.
    rule: 'tier_is_looked_at_in_time',
    find: (tx, limit) => tx`
      select customer_id as subject, 'valid until ' || coalesce(valid_until::text, 'ever') || ', grace until '
        || coalesce(grace_until::text, 'none') || ', to be looked at ' || coalesce(next_look_at::text, 'never') as detail
      from ledger.tier_state
      where next_look_at is distinct from coalesce(grace_until, valid_until) + interval '1 millisecond'
        or (grace_until is not null and coalesce(valid_until > grace_until, true)) limit ${limit}`,
  },
];
