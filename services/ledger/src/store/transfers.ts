import type { Queryable, Tx } from '@vafa/bus';
import { plainArray, sparseArray, textList } from '@vafa/bus';
import { BASE_RULE } from '../domain/programme.ts';
import type { Explanation } from '../domain/rules/explanation.ts';
import type { Terms } from '../domain/terms.ts';
import { CUSTOMER, PENDING, type Transfer } from '../domain/transfer.ts';
import { textOf } from './instants.ts';

/** An earning as the set-based way writes it: what all of a batch have in common is given once. */
export interface EarnRow {
  id: string;
  customerId: string;
  seq: number;
  points: number;
  balanceAfter: number;
  occurredAt: string;
  orderId: string;
  terms: Terms;
  ruleId: string;
  explanation: Explanation | null;
}

/** What the earnings of a batch have in common, by the programme. */
export interface EarnedTogether {
  ruleVersion: number | null;
  /** Customers have tiers, and this one who has no other; undefined = they have none. */
  tiers: { free: string | null } | undefined;
  /** The programme's points don't slide, but they did before: activity may keep accounts still. */
  keptBefore: boolean;
}

/** Writes a transfer and its lot for each row. Lots that are past their expiry by `recordedAt` count as announced. */
export const insertEarnings = async (
  tx: Tx,
  rows: readonly EarnRow[],
  common: EarnedTogether & { debit: string; recordedAt: string },
): Promise<void> => {
  const { debit, recordedAt, ruleVersion, tiers, keptBefore } = common;
  // What has kept an account for longer was before these points, see `slidesIn`.
  const slides = keptBefore
    ? tx`(select slides_until is null or expires_at is null or slides_until <= expires_at from balance
        where balance.customer_id = earning.customer_id)`
    : tx`true`;
  // Where all rows have the rate's own name, nothing of it is sent.
  const ruleIds = rows.map(({ ruleId }) => (ruleId === BASE_RULE ? null : ruleId));
  await tx`
    with earning as materialized (
      select * from unnest(
        ${plainArray(rows.map(({ id }) => id))}::uuid[], ${textList(
          tx,
          rows.map(({ customerId }) => customerId),
        )},
        ${plainArray(rows.map(({ seq }) => seq))}::bigint[], ${plainArray(rows.map(({ points }) => points))}::bigint[],
        ${plainArray(rows.map(({ balanceAfter }) => balanceAfter))}::bigint[],
        ${plainArray(rows.map(({ occurredAt }) => occurredAt))}::timestamptz[],
        ${textList(
          tx,
          rows.map(({ orderId }) => orderId),
        )},
        ${sparseArray(rows.map(({ terms }) => textOf(terms.expiresAtMs)))}::timestamptz[],
        ${sparseArray(rows.map(({ terms }) => textOf(terms.pendingUntilMs)))}::timestamptz[],
        ${textList(
          tx,
          rows.map(({ terms }) => terms.awaits),
        )}, ${textList(tx, ruleIds)},
        ${textList(
          tx,
          rows.map(({ explanation }) => explanation && JSON.stringify(explanation)),
        )}, ${sparseArray(rows.map(({ terms }) => textOf(terms.activatedMs ?? null)))}::timestamptz[],
        ${sparseArray(rows.map(({ terms }) => (terms.sliding === 'never' ? 'false' : null)))}::boolean[]
      ) as u (id, customer_id, seq, points, balance_after, occurred_at, order_id, expires_at, pending_until, awaits, rule_id,
        explanation, activated_at, slides)
    ), transfers as (
      insert into transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at,
        order_id, rule_id, rule_version, explanation)
      select id, customer_id, seq, 'earn', ${debit},
        case when pending_until is null then ${CUSTOMER}::text else ${PENDING}::text end, points, balance_after, occurred_at,
        ${recordedAt}::timestamptz, order_id, coalesce(rule_id, ${BASE_RULE}), ${ruleVersion}::integer, explanation::json
      from earning
    )
    insert into lot (id, customer_id, granted, remaining, pending, expires_at, slides, noticed, pending_until, awaits, activated_at,
      tier)
    select id, customer_id, points, case when pending_until is null then points else 0 end,
      case when pending_until is null then 0 else points end, expires_at, coalesce(slides, ${slides}),
      coalesce(expires_at <= ${recordedAt}::timestamptz, false), pending_until, awaits, activated_at,
      case when ${tiers !== undefined}::boolean then coalesce(tier, ${tiers?.free ?? null}) end
    from earning left join tier_state using (customer_id)`;
};

export const insertTransfers = async (tx: Tx, transfers: readonly Transfer[], recordedAt: string): Promise<void> => {
  const texts = (pick: (transfer: Transfer) => string | undefined) =>
    textList(
      tx,
      transfers.map((transfer) => pick(transfer) ?? null),
    );
  const ids = (pick: (transfer: Transfer) => string | undefined): string | null =>
    sparseArray(transfers.map((transfer) => pick(transfer) ?? null));
  await tx`
    insert into transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at, order_id,
      refund_id, reservation_id, lot_id, reverses_id, pair_id, rule_id, rule_version, actor, reason, explanation)
    select id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at,
      ${recordedAt}::timestamptz, order_id, refund_id, reservation_id, lot_id, reverses_id, pair_id, rule_id,
      rule_version, actor, reason, explanation::json
    from unnest(
      ${ids(({ id }) => id)}::uuid[], ${texts(({ customerId }) => customerId)},
      ${plainArray(transfers.map(({ seq }) => seq))}::bigint[], ${texts(({ kind }) => kind)},
      ${texts(({ debit }) => debit)}, ${texts(({ credit }) => credit)},
      ${plainArray(transfers.map(({ amount }) => amount))}::bigint[],
      ${plainArray(transfers.map(({ balanceAfter }) => balanceAfter))}::bigint[],
      ${plainArray(transfers.map(({ occurredAt }) => occurredAt))}::timestamptz[],
      ${texts(({ orderId }) => orderId)}, ${texts(({ refundId }) => refundId)},
      ${ids(({ reservationId }) => reservationId)}::uuid[], ${ids(({ lotId }) => lotId)}::uuid[],
      ${ids(({ reversesId }) => reversesId)}::uuid[], ${ids(({ pairId }) => pairId)}::uuid[],
      ${texts(({ ruleId }) => ruleId)}, ${sparseArray(transfers.map(({ ruleVersion }) => ruleVersion ?? null))}::integer[],
      ${texts(({ actor }) => actor)}, ${texts(({ reason }) => reason)},
      ${texts(({ explanation }) => (explanation ? JSON.stringify(explanation) : undefined))}
    ) as u (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, order_id, refund_id, reservation_id,
      lot_id, reverses_id, pair_id, rule_id, rule_version, actor, reason, explanation)`;
};

/** Points that a transfer moved. */
export const findAmount = async (db: Queryable, transferId: string): Promise<number | undefined> => {
  const [row] = await db<{ amount: number }[]>`select amount from transfer where id = ${transferId}`;
  return row?.amount;
};
