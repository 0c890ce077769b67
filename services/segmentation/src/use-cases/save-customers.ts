import { emit, type Tx } from '@vafa/bus';
import { event, LifecycleChanged } from '@vafa/contracts';
import { continueTrace, idFrom } from '@vafa/kernel';
import type { Customer } from '../domain/customer.ts';
import type { CausedChange } from '../domain/decide-purchases.ts';
import { nextTransition } from '../domain/lifecycle.ts';
import { isEarlier } from '../domain/moment.ts';
import { latestSettings, type Settings } from '../domain/thresholds.ts';
import { type StoredCustomer, updateCustomers } from '../store/customers.ts';
import { writeDue } from '../store/due.ts';

const SOURCE = '/vafa/segmentation';

const dueOf = ({ standing, buying }: Customer, settings: Settings): Temporal.Instant | undefined =>
  nextTransition(standing.state, buying.lastOrderAt, latestSettings(settings).thresholds)?.at;

/**
 * Writes customers after events. An order moves the next transition further off, so the due row is left as it is: it is
 * looked at too early once instead of being rewritten, index and all, with every purchase.
 */
export const saveCustomers = async (
  tx: Tx,
  customers: readonly Customer[],
  dueBefore: ReadonlyMap<string, Temporal.Instant | undefined>,
  settings: Settings,
): Promise<void> => {
  const nearer: StoredCustomer[] = [];
  const all = customers.map((customer): StoredCustomer => {
    const before = dueBefore.get(customer.customerId);
    const due = dueOf(customer, settings);
    if (!due || (before && !isEarlier(due, before))) return { customer, dueAt: before };
    const stored = { customer, dueAt: due };
    nearer.push(stored);
    return stored;
  });
  if (all.length > 0) await updateCustomers(tx, all);
  await writeDue(tx, nearer);
};

/** Writes customers who were looked at by the clock: the due row says exactly when to look again. */
export const saveLookedAt = async (tx: Tx, customers: readonly Customer[], settings: Settings): Promise<void> => {
  if (customers.length === 0) return;
  const all = customers.map((customer) => ({ customer, dueAt: dueOf(customer, settings) }));
  await updateCustomers(tx, all);
  await writeDue(tx, all);
};

/** Tells the house of steps in the lifecycle; the customers' rows must be locked. The same step has the same id. */
export const emitChanges = (tx: Tx, changes: readonly CausedChange[]): Promise<void> =>
  emit(
    tx,
    changes.map(({ customerId, change, cause }) => {
      const { from, to, at, reason, orders } = change;
      const because = change.cause === 'silence' || !cause ? change.cause : cause.id;
      return event(
        LifecycleChanged,
        {
          id: idFrom('lifecycle.changed', customerId, to, at.toString(), because),
          source: SOURCE,
          time: at,
          traceparent: cause?.traceparent && continueTrace(cause.traceparent),
        },
        { customerId, from, to, reason, orders },
      );
    }),
  );
