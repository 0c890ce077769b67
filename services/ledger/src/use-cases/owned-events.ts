import type { Tx } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import { resolveCustomers as resolveFormer } from '@vafa/platform';
import { resolveCustomers } from './resolve-customers.ts';

/** An event and the customer whose account it counts for. */
export interface Owned<E> {
  event: E;
  owner: string;
}

/**
 * Finds whose account events count for: the customer's own, or that of the one it was merged into. Events about customers who
 * were erased after them are left out, however late they come: nothing is known anew of who was forgotten. What happened
 * later is about somebody who began anew under the same id.
 */
export const ownedEvents = async <E extends EventEnvelope & { data: { customerId: string } }>(
  tx: Tx,
  events: readonly E[],
): Promise<Owned<E>[]> => {
  const customerIds = events.map(({ data }) => data.customerId);
  const [formerOf, ownerOf] = await Promise.all([resolveFormer(tx, customerIds), resolveCustomers(tx, customerIds)]);
  return events.flatMap((event) => {
    const { customerId } = event.data;
    return formerOf(customerId, Date.parse(event.time)) === undefined ? [] : [{ event, owner: ownerOf(customerId) }];
  });
};
