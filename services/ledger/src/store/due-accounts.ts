import type { Tx } from '@vafa/bus';
import type { Account } from '../domain/account.ts';
import { lockAccounts } from './accounts.ts';

/**
 * Claims accounts whose bound is due, the longest due first. Those that somebody works on are skipped, so the sweep never
 * waits and can't be part of a deadlock.
 */
export const claimDueAccounts = async (
  tx: Tx,
  bound: 'expiry' | 'notice',
  byIso: string,
  limit: number,
): Promise<Account[]> => {
  const rows =
    bound === 'expiry'
      ? await tx<{ id: string }[]>`select customer_id as id from balance where next_expiry_at <= ${byIso}::timestamptz
          order by next_expiry_at limit ${limit} for update skip locked`
      : await tx<
          { id: string }[]
        >`select customer_id as id from balance where next_unnoticed_at <= ${byIso}::timestamptz
          order by next_unnoticed_at limit ${limit} for update skip locked`;
  return rows.length === 0
    ? []
    : lockAccounts(
        tx,
        rows.map(({ id }) => id),
      );
};
