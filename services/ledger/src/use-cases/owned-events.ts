import type { Tx } from '@vafa/bus';
import type { EventEnvelope } from '@vafa/contracts';
import { resolveCustomers as resolveFormer } from '@vafa/platform';
import { changedMeanwhile } from '../store/accounts.ts';
import { resolveCustomers } from './resolve-customers.ts';

type OwnEvent = EventEnvelope & { data: { customerId: string } };

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
export const ownedEvents = async <E extends OwnEvent>(tx: Tx, events: readonly E[]): Promise<Owned<E>[]> => {
  const customerIds = events.map(({ data }) => data.customerId);
  const [formerOf, ownerOf] = await Promise.all([resolveFormer(tx, customerIds), resolveCustomers(tx, customerIds)]);
  return events.flatMap((event) => {
    const { customerId } = event.data;
    return formerOf(customerId, Date.parse(event.time)) === undefined ? [] : [{ event, owner: ownerOf(customerId) }];
  });
};

/**
 * Once what the customers have is locked: do events still count for the same ones? Who was erased while this transaction waited for
 * her account, or her profile, has left it, and it was made anew, under a name that is to be forgotten. To be asked of those of whom
 * nothing was there; who had something is erased after this transaction, with what came of it.
 * @throws AppError unavailable when they don't: the transaction starts over and finds her gone
 */
export const requireSameOwners = async (
  tx: Tx,
  owned: readonly Owned<OwnEvent>[],
  customerIds: ReadonlySet<string>,
): Promise<void> => {
  const concerned = owned.filter(({ owner }) => customerIds.has(owner));
  if (concerned.length === 0) return;
  const now = await ownedEvents(
    tx,
    concerned.map(({ event }) => event),
  );
  if (now.length < concerned.length || now.some(({ owner }, i) => owner !== concerned[i]?.owner))
    throw changedMeanwhile();
};
