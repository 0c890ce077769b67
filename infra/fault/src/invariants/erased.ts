import { createFinding, type Invariant } from './finding.ts';

/** Nobody is written to after messaging knew that they are to be forgotten, and what was known of them is gone. */
export const erased: Invariant = async ({ sql, done, accepted }) => {
  const { finding, wrong } = createFinding('the forgotten left alone', ['written to', 'remembered']);
  finding.checked = done.ordersAfterErasure.length;
  for (const orderId of done.ordersAfterErasure)
    if (accepted.some(({ text }) => text.trim().endsWith(orderId))) wrong('written to', orderId);
  const rows = await sql<{ id: string; what: string }[]>`
    select customer_id as id, 'contact' as what from messaging.contact
      where customer_id = any(${done.erasedCustomers}::text[]) and coalesce(phone, email, name) is not null
    union all
    select customer_id, 'message ' || id from messaging.message
      where customer_id = any(${done.erasedCustomers}::text[]) and coalesce(address, text) is not null`;
  for (const { id, what } of rows) wrong('remembered', `${id}: ${what}`);
  return [finding];
};
