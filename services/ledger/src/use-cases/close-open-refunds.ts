import type { Tx } from '@vafa/bus';
import { saveAccounts } from '../store/accounts.ts';
import { claimDueAccounts } from '../store/due-accounts.ts';
import { closeDueRefunds, findNextClosings } from '../store/refunds.ts';

/**
 * Closes one portion of the refunds that have been open for later orders long enough; whether or not that is done, no order is
 * matched with them any more. Returns how many accounts it went through; 0 = nothing is due.
 */
export const closeOpenRefunds = async (tx: Tx, now: Temporal.Instant, maxCustomers: number): Promise<number> => {
  const accounts = await claimDueAccounts(tx, 'closing', now.toString(), maxCustomers);
  if (accounts.length === 0) return 0;
  const ids = accounts.map(({ customerId }) => customerId);
  await closeDueRefunds(tx, ids, now.toString());
  const next = await findNextClosings(tx, ids);
  for (const account of accounts) account.nextClosingMs = next.get(account.customerId) ?? null;
  await saveAccounts(tx, accounts);
  return accounts.length;
};
