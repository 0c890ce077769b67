import { plainArray, type Tx, textArray } from '@vafa/bus';
import { textOf } from './instants.ts';

/**
 * Locks accounts in the order of their ids. Returns those of them that may have points past their time, which must be let go
 * before anything keeps them: also such that became spendable, and expired, unseen. Those that don't exist have nothing to keep.
 */
export const lockForSliding = async (tx: Tx, customerIds: readonly string[], nowIso: string): Promise<string[]> => {
  const rows = await tx<{ id: string; due: boolean }[]>`
    select customer_id as id, coalesce(next_activation_at <= ${nowIso}::timestamptz, false)
      or coalesce(next_expiry_at <= ${nowIso}::timestamptz, false) as due
    from balance where customer_id = any(${textArray(customerIds)}::text[]) order by customer_id for update`;
  return rows.filter(({ due }) => due).map(({ id }) => id);
};

/**
 * Keeps the points of these accounts that slide until an instant, if they would expire earlier; their rows are locked. Index entries
 * change only where everything was announced already.
 */
export const slideAccounts = async (
  tx: Tx,
  rows: readonly { customerId: string; untilMs: number }[],
): Promise<void> => {
  await tx`
    update balance b set slides_until = u.until,
      next_unnoticed_at = case when next_expiry_at is null then next_unnoticed_at else least(next_unnoticed_at, u.until) end
    from unnest(
      ${textArray(rows.map(({ customerId }) => customerId))}::text[],
      ${plainArray(rows.map(({ untilMs }) => textOf(untilMs)))}::timestamptz[]
    ) as u (customer_id, until)
    where b.customer_id = u.customer_id and (b.slides_until is null or b.slides_until < u.until)`;
};
