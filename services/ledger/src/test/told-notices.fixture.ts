import type { Harness } from '@vafa/testing';
import { toldLog } from './told-log.fixture.ts';

/** A day that has an hour more, as when clocks go back, is still a day. */
const LONGER = '1 hour';

/**
 * Notices that points will expire which say something else than the book: of no lot of the customer's, of more points than it ever
 * had, of an expiry that it does not have (activity may have kept it since), not yet or no more within the days that the programme
 * says; or the same once more. Of who is nobody now it can't be said what was to be told.
 */
export const findNoticesToldOtherwise = ({
  admin,
}: Pick<Harness, 'admin'>): Promise<{ id: string; detail: string }[]> =>
  admin<{ id: string; detail: string }[]>`
    with told as (
      select distinct headers::json ->> 'ce_id' as id, (headers::json ->> 'ce_time')::timestamptz as at,
        value::json ->> 'customerId' as customer_id, (value::json ->> 'lotId')::uuid as lot_id,
        (value::json ->> 'points')::bigint as points, (value::json ->> 'expiresAt')::timestamptz as expires_at
      from ${toldLog(admin)} as out where headers::json ->> 'ce_type' = 'points.expiring_soon'
    ), judged as (
      select told.id, to_jsonb(told) as notice, to_jsonb(lot) as lot, case
        when lot.id is null then 'there is no such lot'
        when starts_with(lot.customer_id, 'erased:') then null
        when lot.customer_id <> coalesce(owner.merged_into, told.customer_id) then 'the lot is of somebody else'
        when told.points > lot.granted then 'the lot had fewer points'
        when lot.expires_at is null or told.expires_at > lot.expires_at or told.expires_at < lot.expires_at and not lot.slides
          then 'the lot expires at another time'
        when told.expires_at <= told.at then 'they had expired'
        when told.expires_at > told.at + days.ahead * interval '1 day' + ${LONGER}::interval or days.ahead is null
          then 'they were not to be told of yet'
        when count(*) over (partition by told.lot_id, told.expires_at) > 1 then 'it was told before'
        end as problem
      from told
      left join ledger.lot on lot.id = told.lot_id
      left join ledger.balance owner on owner.customer_id = told.customer_id
      left join lateral (
        select max((definition ->> 'expiringSoonDays')::integer) as ahead from ledger.programme_version where created_at <= told.at
      ) as days on true
    )
    select id, problem || ': ' || notice || ' ' || coalesce(lot::text, '') as detail from judged where problem is not null limit 5`;
