import type { Sql } from '@vafa/bus';
import { CUSTOMER_BASE, PARTITIONS } from './feed-purchases.ts';

type Say = (line: string) => void;

const DAY_MS = 86_400_000;
/** A purchase of 2,500,000 IRR at the bench's rate. */
const POINTS = 250;
const MINOR = 2_500_000;
/** Time that the book covers: shorter than points last, so all lots are open. */
const BOOK_DAYS = 300;
const PORTION = 500_000;
const GROWING = ['transfer', 'purchase', 'lot'];
/** Prime, and no factor of a round number: steps through all customers in an order that looks like chance. */
const STRIDE = 48_271;

/**
 * Customers whose points are all gone, by one statement: nothing adds up to anything yet. Their due indexes are filled, as a
 * bound may be earlier than what it bounds; a customer's first credit ever would otherwise cost more than the later ones.
 */
export const fillCustomers = async (admin: Sql, customers: number): Promise<void> => {
  await admin.unsafe(`
    insert into ledger.balance (customer_id, next_expiry_at, last_expiry_at, next_unnoticed_at)
    select 'customer-' || (${CUSTOMER_BASE} + i), due, due, due
    from generate_series(0, ${customers - 1}) i
    cross join lateral (select date_trunc('day', now()) + (i % ${BOOK_DAYS} + 30) * interval '1 day' as due) d`);
  await admin`vacuum analyze ledger.balance`;
};

/**
 * What stands about an entry, by its number i: every round gives each customer one entry, so numbers have no gaps and running
 * balances follow from the round. The id begins with the time and ends in a hash, as `domain/entry-id.ts` makes them.
 */
const entries = (from: number, to: number, all: { entries: number; customers: number; beginMs: number }): string => `
  from (
    select i, i / ${all.customers} + 1 as round,
      (i % ${all.customers} * ${STRIDE} + i / ${all.customers} * 7919) % ${all.customers} as customer,
      ${all.beginMs} + (i * ${BOOK_DAYS * DAY_MS}::float8 / ${all.entries})::bigint as at_ms
    from generate_series(${from}::bigint, ${to - 1}) i
  ) n cross join lateral (
    select 'customer-' || (${CUSTOMER_BASE} + customer) as customer_id, to_timestamp(at_ms / 1000.0) as at,
      (lpad(to_hex(at_ms), 12, '0') || substr(md5(i::text), 13))::uuid as id,
      to_hex(at_ms) || '-filled-' || (10000000000 + i) as order_id
  ) e`;

const LINES = `'{"coffee-250": [1, ${MINOR / 2}], "tea-500": [2, ${MINOR / 2}]}'::jsonb`;
const EXPIRY = `date_trunc('day', at) + interval '366 days' - interval '1 millisecond'`;

/**
 * Purchases with their entries and lots, spread over the customers and the past months, and the balances they add up to; by
 * the tables' own indexes, in the order of time, as a book that has grown. Seals are left out: nothing in booking reads them
 * but the newest of a chain.
 */
export const fillEntries = async (
  admin: Sql,
  sizes: { entries: number; customers: number },
  say: Say,
): Promise<void> => {
  const { customers } = sizes;
  const all = { ...sizes, beginMs: Date.now() - (BOOK_DAYS + 1) * DAY_MS };
  // A book that has grown was vacuumed as it grew: all of it at once would run into what is measured.
  for (const table of GROWING) await admin.unsafe(`alter table ledger.${table} set (autovacuum_enabled = false)`);
  for (let from = 0; from < all.entries; from += PORTION) {
    const those = entries(from, Math.min(from + PORTION, all.entries), all);
    const fillTransfers = () =>
      admin.unsafe(`
        insert into ledger.transfer (id, customer_id, seq, kind, debit, credit, amount, balance_after, occurred_at, recorded_at,
          order_id, rule_id, rule_version)
        select id, customer_id, round, 'earn', 'issued/p' || customer % ${PARTITIONS}, 'customer', ${POINTS}, round * ${POINTS}, at,
          at, order_id, 'base', 1 ${those}`);
    const fillOrders = async () => {
      await admin.unsafe(`
        insert into ledger.purchase (order_id, customer_id, content_hash, occurred_at, recorded_at, currency, total_minor, lines,
          points_earned, earn_id, programme_version)
        select order_id, customer_id, md5(order_id)::uuid, at, at, 'IRR', ${MINOR}, ${LINES}, ${POINTS}, id, 1 ${those}`);
      await admin.unsafe(`
        insert into ledger.lot (id, customer_id, granted, remaining, expires_at)
        select id, customer_id, ${POINTS}, ${POINTS}, ${EXPIRY} ${those}`);
    };
    await Promise.all([fillTransfers(), fillOrders()]);
    if ((from + PORTION) % 1_000_000 === 0) say(`… ${(from + PORTION) / 1_000_000} million entries`);
  }
  const rounds = all.entries / customers;
  await admin.unsafe(`
    insert into ledger.balance (customer_id, active, earned, seq, next_expiry_at, last_expiry_at, next_unnoticed_at)
    select 'customer-' || (${CUSTOMER_BASE} + i), ${rounds * POINTS}, ${rounds * POINTS}, ${rounds}, due, now() + interval '366 days', due
    from generate_series(0, ${customers - 1}) i
    cross join (select to_timestamp(${all.beginMs} / 1000.0) + interval '365 days' as due) d`);
  await admin`vacuum analyze ledger.balance`;
  await admin`analyze ledger.transfer, ledger.purchase, ledger.lot`;
};
