import type { Tx } from '@vafa/bus';
import type { CustomerErased, CustomerMerged, CustomerUpdated, EventOf } from '@vafa/contracts';
import { lockBalances } from '../store/accounts.ts';
import { lockProfiles } from '../store/profiles.ts';
import { resolveCustomers } from './resolve-customers.ts';

type CustomerEvent = EventOf<typeof CustomerMerged> | EventOf<typeof CustomerErased> | EventOf<typeof CustomerUpdated>;

const namesOf = (event: CustomerEvent): string[] =>
  event.type === 'customer.merged' ? [event.data.customerId, event.data.intoCustomerId] : [event.data.customerId];

/**
 * Locks whom the events of a batch name, and those who live on for them, if several of them are done one after the other: first all
 * profiles, then the accounts of who is merged or erased, each in the order of their ids as everywhere. Locked one by one, two
 * transactions could wait for each other. What is not there yet can't be locked.
 */
export const lockLeaving = async (tx: Tx, events: readonly CustomerEvent[]): Promise<void> => {
  const leaving = events.filter(({ type }) => type !== 'customer.updated').flatMap(namesOf);
  if (events.length < 2 || leaving.length === 0) return;
  const names = events.flatMap(namesOf);
  const ownerOf = await resolveCustomers(tx, names);
  const withOwners = (list: readonly string[]): string[] => [...new Set([...list, ...list.map(ownerOf)])];
  await lockProfiles(tx, withOwners(names));
  await lockBalances(tx, withOwners(leaving));
};
