import type { Sql } from '@vafa/bus';
import type { LifecycleState } from '@vafa/contracts';
import { type CustomerRow, customerOf, type StoredCustomer } from './customers.ts';

/** A customer as read, with the interactions. */
export interface ReadCustomer extends StoredCustomer {
  interactions: number;
  lastInteractionAt: Temporal.Instant | undefined;
}

type Row = CustomerRow & { interactions: number; lastInteractionAt: string | null };

/** The customer under this id, or the one it lives on in. */
export const findCustomer = async (sql: Sql, customerId: string): Promise<ReadCustomer | undefined> => {
  const [row] = await sql<Row[]>`select c.customer_id as "customerId", c.merged_into as "mergedInto", c.orders, c.items,
      c.first_order_at as "firstOrderAt", c.previous_order_at as "previousOrderAt", c.last_order_at as "lastOrderAt",
      c.loose_refund_at as "looseRefundAt", c.state, c.state_since as "stateSince", c.state_reason as "stateReason",
      c.as_of as "asOf", c.settings_version as "settingsVersion", c.due_at as "dueAt", c.interactions,
      c.last_interaction_at as "lastInteractionAt"
    from customer_metric asked
    join customer_metric c on c.customer_id = coalesce(asked.merged_into, asked.customer_id) and c.state is not null
    where asked.customer_id = ${customerId}`;
  if (!row) return undefined;
  const { interactions, lastInteractionAt } = row;
  return {
    ...customerOf(row),
    interactions,
    lastInteractionAt: lastInteractionAt === null ? undefined : Temporal.Instant.from(lastInteractionAt),
  };
};

export interface ListedCustomer {
  customerId: string;
  state: LifecycleState;
  since: string;
  orders: number;
  lastOrderAt: string | null;
}

/** Customers by id, of one state or of all, beginning after an id. */
export const listCustomers = async (
  sql: Sql,
  filter: { state: LifecycleState | undefined; after: string; limit: number },
): Promise<ListedCustomer[]> => {
  const { state, after, limit } = filter;
  const ofState = state === undefined ? sql`c.state is not null` : sql`c.state = ${state}::text::lifecycle_state`;
  const rows = await sql<
    ListedCustomer[]
  >`select c.customer_id as "customerId", c.state, c.state_since as since, c.orders,
      c.last_order_at as "lastOrderAt"
    from customer_metric c where ${ofState} and c.customer_id > ${after} order by c.customer_id limit ${limit}`;
  return rows.map((row) => ({
    ...row,
    since: Temporal.Instant.from(row.since).toString(),
    lastOrderAt: row.lastOrderAt === null ? null : Temporal.Instant.from(row.lastOrderAt).toString(),
  }));
};

/** Customers per state, from the index alone. States that nobody is in are absent. */
export const countByState = async (sql: Sql): Promise<Map<LifecycleState, number>> => {
  const rows = await sql<{ state: LifecycleState; count: number }[]>`
    select state, count(*) as count from customer_metric where state is not null group by state`;
  return new Map(rows.map(({ state, count }) => [state, count]));
};

/** How many customers are due to be looked at. */
export const countDue = async (sql: Sql, now: Temporal.Instant): Promise<number> => {
  const [row] = await sql<
    { count: number }[]
  >`select count(*) as count from lifecycle_due where due_at <= ${now.toString()}::timestamptz`;
  return row?.count ?? 0;
};
