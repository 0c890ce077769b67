import type { Sql } from '@vafa/bus';
import type { Customer } from '../domain/customer.ts';
import type { CausedChange } from '../domain/decide-purchases.ts';
import { asOfNow } from '../domain/standing.ts';
import { customerOf, lockDueCustomers } from '../store/customers.ts';
import { holdSettings } from '../store/settings.ts';
import { emitChanges, saveLookedAt } from './save-customers.ts';

export interface DueRange {
  /** Customers due before this are left for later; undefined = none. */
  from: Temporal.Instant | undefined;
  now: Temporal.Instant;
  /** Customers at most. */
  portion: number;
}

/** Makes the steps that silence has brought, for one portion of the customers who are due. Returns how many were due. */
export const makeDueTransitions = (sql: Sql, { from, now, portion }: DueRange): Promise<number> =>
  sql.begin(async (tx) => {
    const settings = await holdSettings(tx);
    const rows = await lockDueCustomers(tx, from, now, portion);
    const customers: Customer[] = [];
    const changes: CausedChange[] = [];
    for (const row of rows) {
      const { customer } = customerOf(row);
      const { customerId, standing, buying } = customer;
      const moved = asOfNow(standing, buying, settings, now);
      customers.push({ ...customer, standing: moved.standing });
      for (const change of moved.changes) changes.push({ customerId, change, cause: undefined });
    }
    await saveLookedAt(tx, customers, settings);
    await emitChanges(tx, changes);
    return rows.length;
  });
