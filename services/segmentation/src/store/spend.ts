import type { Queryable, Tx } from '@vafa/bus';
import type { SpendDelta } from '../domain/customer-draft.ts';
import { arrayOf } from './array-literal.ts';

type CustomerSpend = SpendDelta & { customerId: string };

const columnsOf = (tx: Tx, spend: readonly CustomerSpend[]) => tx`
  ${spend.map(({ customerId }) => customerId)}::text[],
  ${arrayOf(spend.map(({ currency }) => currency))}::text::text[],
  ${arrayOf(spend.map(({ grossMinor }) => grossMinor))}::text::bigint[],
  ${arrayOf(spend.map(({ refundedMinor }) => refundedMinor))}::text::bigint[]`;

/** Adds what purchases and refunds brought; they never take away. */
export const addSpend = async (tx: Tx, spend: readonly CustomerSpend[]): Promise<void> => {
  if (spend.length === 0) return;
  await tx`insert into customer_spend as s (customer_id, currency, gross_minor, refunded_minor)
    select * from unnest(${columnsOf(tx, spend)}) as v (customer_id, currency, gross_minor, refunded_minor)
    order by 1, 2
    on conflict (customer_id, currency) do update set gross_minor = s.gross_minor + excluded.gross_minor,
      refunded_minor = s.refunded_minor + excluded.refunded_minor`;
};

/** Corrects sums that are there, up or down. */
export const correctSpend = async (tx: Tx, spend: readonly CustomerSpend[]): Promise<void> => {
  if (spend.length === 0) return;
  await tx`update customer_spend s set gross_minor = s.gross_minor + v.gross_minor,
      refunded_minor = s.refunded_minor + v.refunded_minor
    from unnest(${columnsOf(tx, spend)}) as v (customer_id, currency, gross_minor, refunded_minor)
    where s.customer_id = v.customer_id and s.currency = v.currency`;
};

export interface Spend {
  currency: string;
  grossMinor: number;
  refundedMinor: number;
}

/** Sums beyond 2^53 minor units lose their last digits on the way out; the rows keep them. */
export const findSpend = (sql: Queryable, customerId: string): Promise<Spend[]> =>
  sql<Spend[]>`select currency, gross_minor::float8 as "grossMinor", refunded_minor::float8 as "refundedMinor"
    from customer_spend where customer_id = ${customerId} order by currency`;

export const deleteSpend = async (tx: Tx, customerId: string): Promise<void> => {
  await tx`delete from customer_spend where customer_id = ${customerId}`;
};

/** Adds one customer's spend to another's. */
export const moveSpend = async (tx: Tx, from: string, into: string): Promise<void> => {
  await tx`with gone as (delete from customer_spend where customer_id = ${from} returning currency, gross_minor, refunded_minor)
    insert into customer_spend as s (customer_id, currency, gross_minor, refunded_minor)
    select ${into}, currency, gross_minor, refunded_minor from gone
    on conflict (customer_id, currency) do update set gross_minor = s.gross_minor + excluded.gross_minor,
      refunded_minor = s.refunded_minor + excluded.refunded_minor`;
};
