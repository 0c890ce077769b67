import type { Sql } from '@vafa/bus';
import type { Customer } from '../domain/customer.ts';
import type { CausedChange } from '../domain/decide-purchases.ts';
import { asOfNow } from '../domain/standing.ts';
import { type CustomerRow, customerOf, lockCustomersAfter } from '../store/customers.ts';
import { findSettings, holdSettings, noteReviewed } from '../store/settings.ts';
import { emitChanges, saveLookedAt } from './save-customers.ts';

/**
 * Looks at the next portion of customers again after the thresholds were changed. How far it came is written in the same
 * transaction, so a restart goes on from there. Returns how many were looked at; 0 when all is done.
 */
export const reviewCustomers = (sql: Sql, now: Temporal.Instant, portion: number): Promise<number> =>
  sql.begin(async (tx) => {
    const settings = await holdSettings(tx);
    const latest = (await findSettings(tx)).at(-1);
    if (!latest || latest.version === 0 || latest.reviewedAt) return 0;
    const rows = await lockCustomersAfter(tx, latest.reviewedTo, portion);
    const isOutdated = ({ state, settingsVersion }: CustomerRow): boolean =>
      state !== null && settingsVersion < latest.version;
    const customers: Customer[] = [];
    const changes: CausedChange[] = [];
    for (const row of rows.filter(isOutdated)) {
      const { customer } = customerOf(row);
      const moved = asOfNow(customer.standing, customer.buying, settings, now);
      customers.push({ ...customer, standing: moved.standing });
      for (const change of moved.changes) changes.push({ customerId: customer.customerId, change, cause: undefined });
    }
    await saveLookedAt(tx, customers, settings);
    await emitChanges(tx, changes);
    const isLast = rows.length < portion;
    await noteReviewed(tx, latest.version, rows.at(-1)?.customerId ?? latest.reviewedTo, isLast ? now : undefined);
    return rows.length;
  });
