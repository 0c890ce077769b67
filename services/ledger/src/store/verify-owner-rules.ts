import { firstOf, type Rule } from './verify-rules.ts';

/** Where something is a customer's, and what it is named by there. Lots, and orders that earned, have rules of their own. */
const BELONGINGS = {
  purchase: 'order_id',
  refund: 'refund_id',
  reservation: 'id',
  adjustment_request: 'id',
  reward_claim: 'id',
  coupon: 'code',
  coupon_redemption: 'order_id',
  customer_profile: 'customer_id',
  tier_state: 'customer_id',
  qualification: 'day',
  rule_counter: 'rule_id',
  awaited_interaction: 'interaction_type',
} as const;

/** What must always hold of customers who were merged into another. */
export const OWNER_RULES: readonly Rule[] = [
  {
    // It would be nobody's: whoever asks under the old name is led to the one who lives on.
    rule: 'nothing_is_left_to_the_merged',
    find: (tx, limit) =>
      firstOf(
        tx,
        limit,
        tx`
      select own.kind || ' ' || own.name as subject, 'is of ' || m.customer_id || ', who was merged into ' || m.merged_into as detail
      from (${tx.unsafe(
        Object.entries(BELONGINGS)
          .map(([table, name]) => `select '${table}' as kind, ${name}::text as name, customer_id from ledger.${table}`)
          .join(' union all '),
      )}) own join ledger.balance m using (customer_id) where m.merged_into is not null`,
      ),
  },
];
