import type { Tx } from '@vafa/bus';
import type { Account } from '../domain/account.ts';
import { changedMeanwhile, lockAccounts } from './accounts.ts';

/**
 * Locks two accounts in the order of their ids and makes those that don't exist yet. They are made before either is locked:
 * who waits for another's new account holds nothing that the other may wait for.
 * @throws AppError unavailable when one was merged since it was resolved, or erased while its account was waited for
 */
export const lockPair = async (tx: Tx, one: string, other: string): Promise<[Account, Account]> => {
  const ids = [one, other];
  await tx`insert into balance (customer_id) select id from unnest(${ids}::text[]) as id
    where not exists (select from balance b where b.customer_id = id) order by id on conflict do nothing`;
  const accounts = await lockAccounts(tx, ids);
  const find = (customerId: string): Account => {
    const account = accounts.find((each) => each.customerId === customerId);
    if (!account) throw changedMeanwhile();
    return account;
  };
  return [find(one), find(other)];
};
