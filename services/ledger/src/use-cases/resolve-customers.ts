import type { Queryable } from '@vafa/bus';
import { findSpecial } from '../store/accounts.ts';

/** Whose account counts for each of these customers: its own, or that of the one it was merged into. */
export const resolveCustomers = async (
  db: Queryable,
  customerIds: Iterable<string>,
): Promise<(customerId: string) => string> => {
  const found = await findSpecial(db, [...new Set(customerIds)]);
  const mergedInto = new Map(found.map((each) => [each.customerId, each.mergedInto ?? each.customerId]));
  return (customerId) => mergedInto.get(customerId) ?? customerId;
};
