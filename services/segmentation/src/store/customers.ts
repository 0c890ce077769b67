import type { Queryable, Tx } from '@vafa/bus';
import type { LifecycleState } from '@vafa/contracts';
import type { Customer } from '../domain/customer.ts';
import { arrayOf, millisOf } from './array-literal.ts';

/** A row of customer_metric. */
export interface CustomerRow {
  customerId: string;
  mergedInto: string | null;
  orders: number;
  items: number;
  firstOrderAt: string | null;
  previousOrderAt: string | null;
  lastOrderAt: string | null;
  looseRefundAt: string | null;
  state: LifecycleState | null;
  stateSince: string;
  stateReason: string;
  asOf: string | null;
  settingsVersion: number;
  dueAt: string | null;
}

/** A customer as it lies in the database, and what lifecycle_due says of it. */
export interface StoredCustomer {
  customer: Customer;
  dueAt: Temporal.Instant | undefined;
}

const instant = (text: string | null): Temporal.Instant | undefined =>
  text === null ? undefined : Temporal.Instant.from(text);

/** Only for rows that live: a merged record has no state. */
export const customerOf = (row: CustomerRow): StoredCustomer => ({
  customer: {
    customerId: row.customerId,
    buying: {
      orders: row.orders,
      items: row.items,
      firstOrderAt: instant(row.firstOrderAt),
      previousOrderAt: instant(row.previousOrderAt),
      lastOrderAt: instant(row.lastOrderAt),
    },
    looseRefundAt: instant(row.looseRefundAt),
    standing: {
      state: row.state ?? 'prospect',
      since: Temporal.Instant.from(row.stateSince),
      reason: row.stateReason,
      asOf: instant(row.asOf),
      settingsVersion: row.settingsVersion,
    },
  },
  dueAt: instant(row.dueAt),
});

const columns = (sql: Queryable) => sql`c.customer_id as "customerId", c.merged_into as "mergedInto", c.orders, c.items,
  c.first_order_at as "firstOrderAt", c.previous_order_at as "previousOrderAt", c.last_order_at as "lastOrderAt",
  c.loose_refund_at as "looseRefundAt", c.state, c.state_since as "stateSince", c.state_reason as "stateReason",
  c.as_of as "asOf", c.settings_version as "settingsVersion", c.due_at as "dueAt"`;

/** The rows of these customers, locked in the order of their ids so that two batches can't block each other. */
export const lockCustomers = (tx: Tx, customerIds: readonly string[]): Promise<CustomerRow[]> =>
  tx<CustomerRow[]>`select ${columns(tx)} from customer_metric c where c.customer_id = any(${[...customerIds]}::text[])
    order by c.customer_id for update`;

/** The next customers by id, locked; merged records are among them. */
export const lockCustomersAfter = (tx: Tx, customerId: string, limit: number): Promise<CustomerRow[]> =>
  tx<CustomerRow[]>`select ${columns(tx)} from customer_metric c where c.customer_id > ${customerId}
    order by c.customer_id limit ${limit} for update`;

/**
 * Customers to look at again, longest overdue first; those that somebody else has in hand are left to the next run. Only
 * their rows of customer_metric are locked: who writes lifecycle_due always holds that one.
 */
export const lockDueCustomers = (
  tx: Tx,
  from: Temporal.Instant | undefined,
  until: Temporal.Instant,
  limit: number,
): Promise<CustomerRow[]> => {
  const earliest = from?.toString() ?? '-infinity';
  return tx<CustomerRow[]>`select ${columns(tx)}
    from lifecycle_due d join customer_metric c on c.customer_id = d.customer_id
    where d.due_at >= ${earliest}::timestamptz and d.due_at <= ${until.toString()}::timestamptz
    order by d.due_at limit ${limit} for update of c skip locked`;
};

/** Is anybody overdue since before this instant? */
export const isAnyoneDueBefore = async (tx: Queryable, instantBefore: Temporal.Instant): Promise<boolean> => {
  const rows = await tx`select 1 from lifecycle_due where due_at < ${instantBefore.toString()}::timestamptz limit 1`;
  return rows.length > 0;
};

/** Adds customers who are not there yet. Returns the ids that were added, which are locked from now on. */
export const insertCustomers = async (tx: Tx, customers: readonly Customer[]): Promise<string[]> => {
  const standings = customers.map(({ standing }) => standing);
  const rows = await tx<{ customerId: string }[]>`
    insert into customer_metric (customer_id, state, state_since, state_reason, settings_version)
    select customer_id, state, to_timestamp(since / 1000::float8), reason, version from unnest(
      ${customers.map(({ customerId }) => customerId)}::text[],
      ${arrayOf(standings.map(({ state }) => state))}::text::lifecycle_state[],
      ${millisOf(standings.map(({ since }) => since))}::text::bigint[],
      ${standings.map(({ reason }) => reason)}::text[],
      ${arrayOf(standings.map(({ settingsVersion }) => settingsVersion))}::text::int[]
    ) as v (customer_id, state, since, reason, version)
    order by customer_id on conflict do nothing returning customer_id as "customerId"`;
  return rows.map(({ customerId }) => customerId);
};

/** Writes all but the interactions, which are counted beside this. The rows must be locked. */
export const updateCustomers = async (tx: Tx, stored: readonly StoredCustomer[]): Promise<void> => {
  // Named twice, because the planner would rather read the whole table than join it with an array by its index.
  const customerIds = stored.map(({ customer }) => customer.customerId);
  const buyings = stored.map(({ customer }) => customer.buying);
  const standings = stored.map(({ customer }) => customer.standing);
  await tx`update customer_metric c set orders = v.orders, items = v.items,
      first_order_at = to_timestamp(v.first_order_at / 1000::float8),
      previous_order_at = to_timestamp(v.previous_order_at / 1000::float8),
      last_order_at = to_timestamp(v.last_order_at / 1000::float8),
      loose_refund_at = to_timestamp(v.loose_refund_at / 1000::float8),
      state = v.state, state_since = to_timestamp(v.state_since / 1000::float8), state_reason = v.state_reason,
      as_of = to_timestamp(v.as_of / 1000::float8), settings_version = v.settings_version,
      due_at = to_timestamp(v.due_at / 1000::float8)
    from unnest(
      ${customerIds}::text[],
      ${arrayOf(buyings.map(({ orders }) => orders))}::text::int[],
      ${arrayOf(buyings.map(({ items }) => items))}::text::bigint[],
      ${millisOf(buyings.map(({ firstOrderAt }) => firstOrderAt))}::text::bigint[],
      ${millisOf(buyings.map(({ previousOrderAt }) => previousOrderAt))}::text::bigint[],
      ${millisOf(buyings.map(({ lastOrderAt }) => lastOrderAt))}::text::bigint[],
      ${millisOf(stored.map(({ customer }) => customer.looseRefundAt))}::text::bigint[],
      ${arrayOf(standings.map(({ state }) => state))}::text::lifecycle_state[],
      ${millisOf(standings.map(({ since }) => since))}::text::bigint[],
      ${standings.map(({ reason }) => reason)}::text[],
      ${millisOf(standings.map(({ asOf }) => asOf))}::text::bigint[],
      ${arrayOf(standings.map(({ settingsVersion }) => settingsVersion))}::text::int[],
      ${millisOf(stored.map(({ dueAt }) => dueAt))}::text::bigint[]
    ) as v (customer_id, orders, items, first_order_at, previous_order_at, last_order_at, loose_refund_at, state,
      state_since, state_reason, as_of, settings_version, due_at)
    where c.customer_id = v.customer_id and c.customer_id = any(${customerIds}::text[])`;
};

/** Turns a record into a signpost to the one it was merged into, and lets older signposts point there too. */
export const markMerged = async (tx: Tx, customerId: string, into: string): Promise<void> => {
  await tx`update customer_metric set merged_into = ${into} where merged_into = ${customerId}`;
  await tx`update customer_metric set merged_into = ${into}, state = null, state_reason = 'merged', orders = 0, items = 0,
    first_order_at = null, previous_order_at = null, last_order_at = null, loose_refund_at = null, interactions = 0,
    last_interaction_at = null, as_of = null, due_at = null where customer_id = ${customerId}`;
};

/** Removes a customer and the signposts to it. Returns all ids that were removed. */
export const deleteCustomer = async (tx: Tx, customerId: string): Promise<string[]> => {
  const rows = await tx<{ customerId: string }[]>`delete from customer_metric
    where customer_id = ${customerId} or merged_into = ${customerId} returning customer_id as "customerId"`;
  return rows.map((row) => row.customerId);
};
