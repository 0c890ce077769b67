import type { Queryable, Tx } from '@vafa/bus';
import { plainArray, sparseArray, textList } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { Fragment } from 'postgres';
import type { Account } from '../domain/account.ts';
import { msOf, textOf } from './instants.ts';

const COLUMNS = `customer_id as "customerId", active, pending, reserved, deficit, earned, clawed_back as "clawedBack", spent, expired,
  adjusted, moved, former_earned as "formerEarned", former_spent as "formerSpent", former_expired as "formerExpired", seq, ${msOf('next_expiry_at')} as "nextExpiryMs", ${msOf('last_expiry_at')} as "lastExpiryMs",
  ${msOf('next_unnoticed_at')} as "nextUnnoticedMs", ${msOf('next_activation_at')} as "nextActivationMs", ${msOf('slides_until')} as "slidesUntilMs",
  ${msOf('next_closing_at')} as "nextClosingMs"`;

interface Row extends Account {
  mergedInto: string | null;
}

/** Thrown when a customer was merged between finding and locking it: the transaction starts over and finds the other. */
export const changedMeanwhile = (): AppError =>
  new AppError(
    'unavailable',
    'ledger.customer_changed_meanwhile',
    'the customer was changed at the same moment, try again',
    {
      retryAfterSeconds: 1,
    },
  );

/** Points that a batch gives to one customer; all 0 = only lock it. */
export interface Credit {
  customerId: string;
  /** Spendable at once. */
  points: number;
  pending: number;
  transfers: number;
  /** Earliest and latest expiry among the new lots, and earliest among those not past it. */
  nextExpiryMs: number | null;
  lastExpiryMs: number | null;
  nextUnnoticedMs: number | null;
  nextActivationMs: number | null;
}

export interface Credited {
  customerId: string;
  /** What the account holds now. */
  booked: number;
  pending: number;
  seq: number;
}

/**
 * Credits and locks all customers of a batch by one statement, in the order of their ids, so that batches don't deadlock.
 * The set-based way is only for customers who owe nothing, are not merged into others and have no refund that is open for orders.
 * @throws AppError unavailable when that has changed since one of them was looked at
 */
export const creditAndLock = async (tx: Tx, credits: readonly Credit[]): Promise<Credited[]> => {
  const rows = await tx<Credited[]>`
    insert into balance as b (customer_id, active, pending, earned, seq, next_expiry_at, last_expiry_at, next_unnoticed_at,
      next_activation_at)
    select customer_id, points, pending, points + pending, transfers, next_expiry_at, last_expiry_at, next_unnoticed_at,
      next_activation_at
    from unnest(
      ${textList(
        tx,
        credits.map(({ customerId }) => customerId),
      )},
      ${plainArray(credits.map(({ points }) => points))}::bigint[],
      ${plainArray(credits.map(({ pending }) => pending))}::bigint[],
      ${plainArray(credits.map(({ transfers }) => transfers))}::bigint[],
      ${sparseArray(credits.map(({ nextExpiryMs }) => textOf(nextExpiryMs)))}::timestamptz[],
      ${sparseArray(credits.map(({ lastExpiryMs }) => textOf(lastExpiryMs)))}::timestamptz[],
      ${sparseArray(credits.map(({ nextUnnoticedMs }) => textOf(nextUnnoticedMs)))}::timestamptz[],
      ${sparseArray(credits.map(({ nextActivationMs }) => textOf(nextActivationMs)))}::timestamptz[]
    ) as u (customer_id, points, pending, transfers, next_expiry_at, last_expiry_at, next_unnoticed_at, next_activation_at)
    order by customer_id
    on conflict (customer_id) do update set
      active = b.active + excluded.active, pending = b.pending + excluded.pending, earned = b.earned + excluded.earned,
      seq = b.seq + excluded.seq,
      next_expiry_at = least(b.next_expiry_at, excluded.next_expiry_at),
      last_expiry_at = greatest(b.last_expiry_at, excluded.last_expiry_at),
      next_unnoticed_at = least(b.next_unnoticed_at, excluded.next_unnoticed_at),
      next_activation_at = least(b.next_activation_at, excluded.next_activation_at)
    where (b.deficit = 0 and b.merged_into is null and b.next_closing_at is null) or excluded.seq = 0
    returning customer_id as "customerId", active + reserved - deficit as booked, pending,
      seq`;
  if (rows.length !== credits.length) throw changedMeanwhile();
  return rows;
};

/** A customer that can't take the set-based way: it owes points, was merged into another, or has a refund that is open for orders. */
export interface SpecialCustomer {
  customerId: string;
  mergedInto: string | null;
}

const specialAmong = (db: Queryable, customerIds: readonly string[]) =>
  db`from balance where customer_id = any(${textList(db, customerIds)}) and (deficit > 0 or merged_into is not null
    or next_closing_at is not null)`;

/** Those among these customers. */
export const findSpecial = (db: Queryable, customerIds: readonly string[]): Promise<SpecialCustomer[]> =>
  db`select customer_id as "customerId", merged_into as "mergedInto" ${specialAmong(db, customerIds)}`;

/** An SQL expression that gives them as JSON, null = none, for who asks along with other things. */
export const specialJson = (db: Queryable, customerIds: readonly string[]): Fragment =>
  db`(select json_agg(json_build_object('customerId', customer_id, 'mergedInto', merged_into))
    ${specialAmong(db, customerIds)})`;

/** The customer whose account counts: itself, or the one it was merged into. */
export const resolveCustomer = async (db: Queryable, customerId: string): Promise<string> => {
  const [row] = await findSpecial(db, [customerId]);
  return row?.mergedInto ?? customerId;
};

const asAccounts = (rows: readonly Row[]): Account[] =>
  rows.map(({ mergedInto, ...account }) => {
    if (mergedInto !== null) throw changedMeanwhile();
    return account;
  });

/**
 * Locks accounts in the order of their ids and reads them. Those that don't exist are left out.
 * @throws AppError unavailable when one was merged since it was resolved
 */
export const lockAccounts = async (tx: Tx, customerIds: readonly string[]): Promise<Account[]> => {
  const rows = await tx<Row[]>`select ${tx.unsafe(COLUMNS)}, merged_into as "mergedInto" from balance
    where customer_id = any(${textList(tx, customerIds)}) order by customer_id for update`;
  return asAccounts(rows);
};

/** Locks balance rows in the order of their customers, also of who was merged; those that don't exist are left out. */
export const lockBalances = async (tx: Tx, customerIds: readonly string[]): Promise<void> => {
  await tx`select from balance where customer_id = any(${textList(tx, customerIds)}) order by customer_id for update`;
};

/**
 * Keeps customers from being merged or erased until the end of the transaction, in the order of their ids; what purchases credit does
 * not wait for it. Those that have no account are left out.
 */
export const holdNames = async (tx: Tx, customerIds: readonly string[]): Promise<void> => {
  await tx`select from balance where customer_id = any(${textList(tx, customerIds)}) order by customer_id for key share`;
};

/**
 * As `lockAccounts`, but waits for nobody: accounts that somebody else has locked at this moment are left out and named in `locked`.
 */
export const lockFreeAccounts = async (
  tx: Tx,
  customerIds: readonly string[],
): Promise<{ accounts: Account[]; locked: Set<string> }> => {
  const accounts = asAccounts(
    await tx<Row[]>`select ${tx.unsafe(COLUMNS)}, merged_into as "mergedInto" from balance
      where customer_id = any(${textList(tx, customerIds)}) order by customer_id for update skip locked`,
  );
  if (accounts.length === customerIds.length) return { accounts, locked: new Set() };
  const mine = new Set(accounts.map(({ customerId }) => customerId));
  const missing = customerIds.filter((customerId) => !mine.has(customerId));
  const there = await tx<{ customerId: string }[]>`select customer_id as "customerId" from balance
    where customer_id = any(${textList(tx, missing)})`;
  return { accounts, locked: new Set(there.map(({ customerId }) => customerId)) };
};

/** As `lockAccounts`, but makes the accounts that don't exist yet. */
export const lockOrOpenAccounts = async (tx: Tx, customerIds: readonly string[]): Promise<Account[]> => {
  const found = await lockAccounts(tx, customerIds);
  if (found.length === customerIds.length) return found;
  await tx`insert into balance (customer_id) select id from unnest(${textList(tx, customerIds)}) as id order by id
    on conflict do nothing`;
  const accounts = await lockAccounts(tx, customerIds);
  if (accounts.length !== customerIds.length) throw changedMeanwhile();
  return accounts;
};

/**
 * Locks accounts by their names, those that don't exist yet, too: they are made, and returned. By one statement in the order of the
 * ids, as `creditAndLock`, so that the two don't deadlock. Those of which no use is made are to be closed, see `closeUnused`.
 */
export const lockByName = async (tx: Tx, customerIds: readonly string[]): Promise<Set<string>> => {
  const rows = await tx<{ id: string; isNew: boolean }[]>`
    insert into balance as b (customer_id) select id from unnest(${textList(tx, customerIds)}) as id order by id
    on conflict (customer_id) do update set seq = b.seq
    returning customer_id as id, xmax = 0 as "isNew"`;
  return new Set(rows.flatMap(({ id, isNew }) => (isNew ? [id] : [])));
};

/** Takes back accounts that this transaction opened and that nothing was booked to: nobody has seen them. */
export const closeUnused = async (tx: Tx, customerIds: ReadonlySet<string>): Promise<void> => {
  if (customerIds.size === 0) return;
  await tx`delete from balance where customer_id = any(${textList(tx, [...customerIds])}) and seq = 0`;
};

/** Writes accounts back that this transaction has locked. */
export const saveAccounts = async (tx: Tx, accounts: readonly Account[]): Promise<void> => {
  const column = (pick: (account: Account) => number): string => plainArray(accounts.map(pick));
  const instants = (pick: (account: Account) => number | null): string | null =>
    sparseArray(accounts.map((account) => textOf(pick(account))));
  await tx`
    update balance b set active = u.active, pending = u.pending, reserved = u.reserved, deficit = u.deficit, earned = u.earned,
      clawed_back = u.clawed_back, spent = u.spent, expired = u.expired, adjusted = u.adjusted, moved = u.moved, seq = u.seq,
      next_expiry_at = u.next_expiry_at, last_expiry_at = u.last_expiry_at, next_unnoticed_at = u.next_unnoticed_at,
      next_activation_at = u.next_activation_at, slides_until = u.slides_until, next_closing_at = u.next_closing_at
    from unnest(
      ${textList(
        tx,
        accounts.map(({ customerId }) => customerId),
      )}, ${column((a) => a.active)}::bigint[],
      ${column((a) => a.pending)}::bigint[],
      ${column((a) => a.reserved)}::bigint[], ${column((a) => a.deficit)}::bigint[], ${column((a) => a.earned)}::bigint[],
      ${column((a) => a.clawedBack)}::bigint[], ${column((a) => a.spent)}::bigint[], ${column((a) => a.expired)}::bigint[],
      ${column((a) => a.adjusted)}::bigint[], ${column((a) => a.moved)}::bigint[], ${column((a) => a.seq)}::bigint[],
      ${instants((a) => a.nextExpiryMs)}::timestamptz[], ${instants((a) => a.lastExpiryMs)}::timestamptz[],
      ${instants((a) => a.nextUnnoticedMs)}::timestamptz[],
      ${instants((a) => a.nextActivationMs)}::timestamptz[], ${instants((a) => a.slidesUntilMs)}::timestamptz[],
      ${instants((a) => a.nextClosingMs)}::timestamptz[]
    ) as u (customer_id, active, pending, reserved, deficit, earned, clawed_back, spent, expired, adjusted, moved, seq,
      next_expiry_at, last_expiry_at, next_unnoticed_at, next_activation_at, slides_until, next_closing_at)
    where b.customer_id = u.customer_id`;
};
