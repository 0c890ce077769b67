import type { Tx } from '@vafa/bus';
import { assert } from '@vafa/kernel';
import { prospect } from '../domain/customer.ts';
import { earlierOf, isEarlier } from '../domain/moment.ts';
import {
  type CustomerRow,
  customerOf,
  insertCustomers,
  lockCustomers,
  type StoredCustomer,
} from '../store/customers.ts';
import { findErased } from '../store/erased.ts';

/** That a customer was mentioned, and when. */
export interface Sighting {
  customerId: string;
  at: Temporal.Instant;
}

/** Customers locked until the transaction ends. */
export interface HeldCustomers {
  /** By the id that events use: a merged record leads to the one it lives on in. Nobody stands under a forgotten id. */
  stored: ReadonlyMap<string, StoredCustomer>;
  /** Of those who were erased and are new again, or stay forgotten. */
  erasedAt: ReadonlyMap<string, Temporal.Instant>;
}

/** Signposts are kept pointing at the end of the way, so more steps than this are a circle. */
const MAX_STEPS = 5;

/** Loads and locks everyone who is mentioned; who is new becomes a prospect. */
export const holdCustomers = async (
  tx: Tx,
  sightings: readonly Sighting[],
  settingsVersion: number,
): Promise<HeldCustomers> => {
  const firstSeen = new Map<string, Temporal.Instant>();
  for (const { customerId, at } of sightings) firstSeen.set(customerId, earlierOf(firstSeen.get(customerId) ?? at, at));
  const rows = new Map<string, CustomerRow>();
  const stored = new Map<string, StoredCustomer>();
  const lock = async (customerIds: readonly string[]): Promise<void> => {
    for (const row of await lockCustomers(tx, customerIds)) rows.set(row.customerId, row);
  };

  await lock([...firstSeen.keys()]);
  const missing = [...firstSeen.keys()].filter((customerId) => !rows.has(customerId));
  const erasedAt = missing.length > 0 ? await findErased(tx, missing) : new Map<string, Temporal.Instant>();
  const returned = new Set(
    sightings
      .filter(({ customerId, at }) => isAfterErasure(erasedAt.get(customerId), at))
      .map(({ customerId }) => customerId),
  );
  const born = missing
    .filter((customerId) => returned.has(customerId))
    .map((customerId) => prospect(customerId, firstSeen.get(customerId) as Temporal.Instant, settingsVersion));
  if (born.length > 0) {
    const added = new Set(await insertCustomers(tx, born));
    for (const customer of born)
      if (added.has(customer.customerId)) stored.set(customer.customerId, { customer, dueAt: undefined });
    // Somebody else was quicker with these; the insert has waited for them.
    const taken = born.filter(({ customerId }) => !added.has(customerId)).map(({ customerId }) => customerId);
    if (taken.length > 0) await lock(taken);
  }
  await followSignposts(rows, stored, lock);
  return { stored, erasedAt };
};

const isAfterErasure = (erasedAt: Temporal.Instant | undefined, at: Temporal.Instant): boolean =>
  !erasedAt || isEarlier(erasedAt, at);

const followSignposts = async (
  rows: ReadonlyMap<string, CustomerRow>,
  stored: Map<string, StoredCustomer>,
  lock: (customerIds: readonly string[]) => Promise<void>,
): Promise<void> => {
  for (let step = 0; ; step++) {
    assert(step <= MAX_STEPS, 'merged customers lead somewhere');
    const targets = [...rows.values()].flatMap(({ mergedInto }) => (mergedInto === null ? [] : [mergedInto]));
    const unknown = targets.filter((customerId) => !rows.has(customerId) && !stored.has(customerId));
    if (unknown.length === 0) break;
    await lock(unknown);
  }
  for (const row of rows.values()) if (row.mergedInto === null) stored.set(row.customerId, customerOf(row));
  for (const row of rows.values()) {
    let end: CustomerRow | undefined = row;
    while (end?.mergedInto) end = rows.get(end.mergedInto);
    const customer = end && stored.get(end.customerId);
    if (customer) stored.set(row.customerId, customer);
  }
};
