import type { Queryable, Tx } from '@vafa/bus';
import { weekOf, weeksOf } from './weeks.ts';

/** How far a count of everybody's qualification has come. */
export interface TierRecount {
  programmeVersion: number;
  fingerprint: string;
  afterCustomer: string;
  done: boolean;
}

/** The newest one. */
export const findTierRecount = async (db: Queryable): Promise<TierRecount | undefined> => {
  const [row] = await db<TierRecount[]>`
    select programme_version as "programmeVersion", fingerprint, after_customer as "afterCustomer",
      done_at is not null as done
    from ledger.tier_recount order by programme_version desc limit 1`;
  return row;
};

export const beginTierRecount = async (
  tx: Tx,
  programmeVersion: number,
  fingerprint: string,
  begunAt: string,
): Promise<void> => {
  await tx`insert into tier_recount (programme_version, fingerprint, begun_at)
    values (${programmeVersion}, ${fingerprint}::uuid, ${begunAt}::timestamptz)`;
};

/** Notes how far it has come; `doneAt` ends it. */
export const advanceTierRecount = async (
  tx: Tx,
  programmeVersion: number,
  afterCustomer: string,
  doneAt: string | null,
): Promise<void> => {
  await tx`update tier_recount set after_customer = ${afterCustomer}, done_at = ${doneAt}::timestamptz
    where programme_version = ${programmeVersion}`;
};

/**
 * The next customers with an account or an order, in order of their ids; those merged into others have neither any more. Whose
 * orders earned has an account.
 */
export const findCustomersAfter = async (db: Queryable, afterCustomer: string, limit: number): Promise<string[]> => {
  const rows = await db<{ id: string }[]>`
    select id from (
      (select customer_id as id from balance where customer_id > ${afterCustomer} and merged_into is null
        order by customer_id limit ${limit})
      union
      (select p.customer_id from ${db.unsafe(weeksOf('purchase'))} as week (at) cross join lateral (
          select customer_id from purchase p
          where ${db.unsafe(weekOf('p'))} = week.at and earn_id is null and customer_id > ${afterCustomer}
          group by customer_id order by customer_id limit ${limit}
        ) as p group by p.customer_id order by p.customer_id limit ${limit})
    ) c order by id limit ${limit}`;
  return rows.map(({ id }) => id);
};
