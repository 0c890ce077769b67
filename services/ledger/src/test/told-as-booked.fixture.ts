import type { Harness } from '@vafa/testing';
import { toldLog } from './told-log.fixture.ts';

/** By what the other services are told of a transfer of a kind. */
const KINDS = JSON.stringify({
  earn: 'points.earned',
  activate: 'points.activated',
  clawback: 'points.clawed_back',
  redeem: 'points.redeemed',
  redeem_reversal: 'points.released',
  expire: 'points.expired',
  expire_reversal: 'points.adjusted',
  adjust: 'points.adjusted',
  transfer_out: 'points.adjusted',
  transfer_in: 'points.adjusted',
});

/**
 * Transfers of which the other services were not told as they were booked, or told what was never booked. Nobody is told of what
 * only moves (a merger has nobody who made it) or forgets; of who is nobody now it can't be said what was to be told.
 */
export const findToldOtherwise = ({ admin }: Pick<Harness, 'admin'>): Promise<{ id: string; detail: string }[]> =>
  admin<{ id: string; detail: string }[]>`
    with told as (
      select distinct headers::json ->> 'ce_id' as id, headers::json ->> 'ce_type' as type, value::jsonb as data
      from ${toldLog(admin)} as out
    ), booked as (
      select id::text as id, customer_id, kind, amount, balance_after, ${KINDS}::text::json ->> kind as type,
        case when kind in ('adjust', 'transfer_out', 'transfer_in') and debit = 'customer' then -amount else amount end as points
      from ledger.transfer where kind not in ('transfer_out', 'transfer_in') or actor is not null
    )
    select coalesce(b.id, t.id) as id, 'booked ' || coalesce(b.kind || ' ' || b.points || ' of ' || b.customer_id, 'nothing')
      || ', told ' || coalesce(t.type || ' ' || t.data::text, 'nothing') as detail
    from booked b full join told t using (id)
    where case
      -- What is released may not have left the account.
      when b.id is null then t.type in (select value from json_each_text(${KINDS}::text::json)) and t.type <> 'points.released'
      when b.customer_id like 'erased:%' or b.type is null then false
      else (b.type, b.customer_id, b.points, b.balance_after) is distinct from
        (t.type, t.data ->> 'customerId', (t.data ->> 'points')::bigint, (t.data ->> 'balanceAfter')::bigint) end
    limit 5`;
