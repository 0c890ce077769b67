import type { Tx } from '@vafa/bus';
import type { Account } from '../domain/account.ts';
import { lockAccounts } from './accounts.ts';

const COLUMNS = {
  expiry: 'next_expiry_at',
  notice: 'next_unnoticed_at',
  activation: 'next_activation_at',
  closing: 'next_closing_at',
} as const;

/**
 * Claims accounts whose bound is due, the longest due first. Those that somebody works on are skipped, so the sweep never
 * waits and can't be part of a deadlock.
 */
export const claimDueAccounts = async (
  tx: Tx,
  bound: keyof typeof COLUMNS,
  byIso: string,
  limit: number,
): Promise<Account[]> => {
  const column = tx(COLUMNS[bound]);
  const rows = await tx<{ id: string }[]>`select customer_id as id from balance where ${column} <= ${byIso}::timestamptz
    order by ${column} limit ${limit} for update skip locked`;
  return rows.length === 0
    ? []
    : lockAccounts(
        tx,
        rows.map(({ id }) => id),
      );
};
