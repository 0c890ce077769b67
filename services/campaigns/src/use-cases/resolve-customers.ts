import type { Tx } from '@vafa/bus';
import { findFormerCustomers } from '@vafa/platform';

/** Who an event is about today; undefined when the customer was erased after it happened. */
export type ResolveCustomer = (customerId: string, atMs: number) => string | undefined;

/** Looks up which of the customers were merged into others or erased. */
export const resolveCustomers = async (tx: Tx, customerIds: readonly string[]): Promise<ResolveCustomer> => {
  const former = await findFormerCustomers(tx, [...new Set(customerIds)]);
  return (customerId, atMs) => {
    const found = former.get(customerId);
    if (!found) return customerId;
    if (found.intoCustomerId !== null) return found.intoCustomerId;
    return atMs > Temporal.Instant.from(found.since).epochMilliseconds ? customerId : undefined;
  };
};
