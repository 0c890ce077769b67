import { AS_OF_ONE_MOMENT, type Sql } from '@vafa/bus';
import type { TransferKind } from '../domain/transfer.ts';
import { allowLongReads } from './long-reads.ts';

/** Enough for a hundred million transfers. */
const LIMIT_MS = 60_000;

export interface Totals {
  /** Points the entries gave to (positive) or took from customers, by kind. */
  pointsByKind: Map<TransferKind, number>;
  transfers: number;
  /** What all customers hold by their balance rows: active + pending + reserved - deficit. */
  held: number;
  active: number;
  pending: number;
  reserved: number;
  deficit: number;
  purchases: number;
  purchasesWithoutPoints: number;
  refunds: number;
  refundsWaiting: number;
  refundsUnmatched: number;
  refundsRefused: number;
}

/**
 * The whole ledger in figures, of one moment. One pass over the transfers: house accounts keep no running balance that all
 * would have to update.
 */
export const readTotals = (sql: Sql): Promise<Totals> =>
  sql.begin(AS_OF_ONE_MOMENT, async (tx) => {
    await allowLongReads(tx, LIMIT_MS);
    const [kinds, [balances], [purchases], [refunds]] = await Promise.all([
      tx<{ kind: TransferKind; points: number; transfers: number }[]>`
        select kind, sum(case when kind = 'activate' then 0 when credit in ('customer', 'pending') then amount
          else -amount end)::bigint as points, count(*) as transfers
        from transfer group by kind`,
      tx<{ active: number; pending: number; reserved: number; deficit: number }[]>`
        select coalesce(sum(active), 0)::bigint as active, coalesce(sum(pending), 0)::bigint as pending, coalesce(sum(reserved), 0)::bigint as reserved,
          coalesce(sum(deficit), 0)::bigint as deficit from balance`,
      tx<{ all: number; without: number }[]>`
        select count(*) as all, count(*) filter (where points_earned = 0) as without from purchase`,
      tx<{ all: number; waiting: number; unmatched: number; refused: number }[]>`
        select count(*) as all, count(*) filter (where status = 'waiting') as waiting,
          count(*) filter (where unmatched_minor > 0) as unmatched, count(*) filter (where status = 'refused') as refused
        from refund`,
    ]);
    const { active = 0, pending = 0, reserved = 0, deficit = 0 } = balances ?? {};
    return {
      pointsByKind: new Map(kinds.map(({ kind, points }) => [kind, points])),
      transfers: kinds.reduce((sum, each) => sum + each.transfers, 0),
      held: active + pending + reserved - deficit,
      active,
      pending,
      reserved,
      deficit,
      purchases: purchases?.all ?? 0,
      purchasesWithoutPoints: purchases?.without ?? 0,
      refunds: refunds?.all ?? 0,
      refundsWaiting: refunds?.waiting ?? 0,
      refundsUnmatched: refunds?.unmatched ?? 0,
      refundsRefused: refunds?.refused ?? 0,
    };
  });
