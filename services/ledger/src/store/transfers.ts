import type { Tx } from '@vafa/bus';
import { plainArray, textArray } from '@vafa/bus';
import type { Transfer } from '../domain/transfer.ts';
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
  expiresAtMs: number | null;
}

/** Writes a transfer and its lot for each row. Lots that are past their expiry by `recordedAt` count as announced. */
export const insertEarnings = async (
  tx: Tx,
  rows: readonly EarnRow[],
  common: { debit: string; credit: string; recordedAt: string; ruleId: string; ruleVersion: number | null },
): Promise<void> => {
  const { debit, credit, recordedAt, ruleId, ruleVersion } = common;
  await tx`
    with earning as materialized (
      select * from unnest(
        ${plainArray(rows.map(({ id }) => id))}::uuid[], ${textArray(rows.map(({ customerId }) => customerId))}::text[],
        ${plainArray(rows.map(({ seq }) => seq))}::bigint[], ${plainArray(rows.map(({ points }) => points))}::bigint[],
        ${plainArray(rows.map(({ balanceAfter }) => balanceAfter))}::bigint[],
        ${plainArray(rows.map(({ occurredAt }) => occurredAt))}::timestamptz[],
        ${textArray(rows.map(({ orderId }) => orderId))}::text[],
        ${plainArray(rows.map(({ expiresAtMs }) => textOf(expiresAtMs)))}::timestamptz[]
      ) as u (id, customer_id, seq, points, balance_after, occurred_at, order_id, expires_at)
    ), transfers as (
      insert into transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at,
        order_id, rule_id, rule_version)
      select id, customer_id, seq, 'earn', ${debit}, ${credit}, points, balance_after, occurred_at,
        ${recordedAt}::timestamptz, order_id, ${ruleId}, ${ruleVersion}::integer
      from earning
    )
    insert into lot (id, customer_id, granted, remaining, expires_at, noticed)
    select id, customer_id, points, points, expires_at, coalesce(expires_at <= ${recordedAt}::timestamptz, false)
    from earning`;
};

export const insertTransfers = async (tx: Tx, transfers: readonly Transfer[], recordedAt: string): Promise<void> => {
  const texts = (pick: (transfer: Transfer) => string | undefined): (string | null)[] =>
    transfers.map((transfer) => pick(transfer) ?? null);
  await tx`
    insert into transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at, order_id,
      refund_id, reservation_id, lot_id, reverses_id, pair_id, rule_id, rule_version, actor, reason)
    select id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at::timestamptz,
      ${recordedAt}::timestamptz, order_id, refund_id, reservation_id, lot_id, reverses_id, pair_id, rule_id,
      rule_version, actor, reason
    from unnest(
      ${texts(({ id }) => id)}::uuid[], ${texts(({ customerId }) => customerId)}::text[],
      ${transfers.map(({ seq }) => seq)}::bigint[], ${texts(({ kind }) => kind)}::text[],
      ${texts((t) => t.debit)}::text[], ${texts((t) => t.credit)}::text[], ${transfers.map(({ amount }) => amount)}::bigint[],
      ${transfers.map(({ balanceAfter }) => balanceAfter)}::bigint[], ${texts(({ occurredAt }) => occurredAt)}::text[],
      ${texts(({ orderId }) => orderId)}::text[], ${texts(({ refundId }) => refundId)}::text[],
      ${texts(({ reservationId }) => reservationId)}::uuid[], ${texts(({ lotId }) => lotId)}::uuid[],
      ${texts(({ reversesId }) => reversesId)}::uuid[], ${texts(({ pairId }) => pairId)}::uuid[],
      ${texts(({ ruleId }) => ruleId)}::text[], ${transfers.map(({ ruleVersion }) => ruleVersion ?? null)}::integer[],
      ${texts(({ actor }) => actor)}::text[], ${texts(({ reason }) => reason)}::text[]
    ) as u (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, order_id, refund_id, reservation_id,
      lot_id, reverses_id, pair_id, rule_id, rule_version, actor, reason)`;
};
