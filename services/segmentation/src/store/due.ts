import type { Tx } from '@vafa/bus';
import { millisOf } from './array-literal.ts';
import type { StoredCustomer } from './customers.ts';

/** Writes when to look at customers again; no instant takes them off the list. Their rows must be locked. */
export const writeDue = async (tx: Tx, stored: readonly StoredCustomer[]): Promise<void> => {
  const due = stored.flatMap(({ customer, dueAt }) => (dueAt ? [{ id: customer.customerId, at: dueAt }] : []));
  const never = stored.filter(({ dueAt }) => !dueAt).map(({ customer }) => customer.customerId);
  if (due.length > 0)
    await tx`insert into lifecycle_due (customer_id, due_at)
      select customer_id, to_timestamp(due_at / 1000::float8)
      from unnest(${due.map(({ id }) => id)}::text[], ${millisOf(due.map(({ at }) => at))}::text::bigint[])
        as v (customer_id, due_at)
      on conflict (customer_id) do update set due_at = excluded.due_at`;
  if (never.length > 0) await tx`delete from lifecycle_due where customer_id = any(${never}::text[])`;
};

export const deleteDue = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from lifecycle_due where customer_id = ${customerId}`;
};
