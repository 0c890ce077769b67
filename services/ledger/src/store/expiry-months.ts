import { monthSql } from './tables/columns.ts';

/**
 * The index of open lots begins with the month of their own expiry (28 days; never = infinity). Of a book of any size only the
 * part is written in which new points expire, and a midnight's expiry reads and empties another; with the customer first, each
 * booking wrote a page of its own somewhere in an index that outgrows the memory. Who asks for lots names the months, earliest
 * first: a search each in the index, some microseconds. A customer's balance row tells between which of them its lots are. See
 * decision 11.
 */

/** SQL that gives the month of a lot, as the index has it. The alias is ours, never a caller's. */
export const monthOf = (lot: string): string => monthSql(`${lot}.expires_at`);

const edge = (direction: 'asc' | 'desc'): string =>
  `(select ${monthOf('edge')} from lot edge
    where edge.remaining > 0 and ${monthOf('edge')} < 'infinity' order by ${monthOf('edge')} ${direction} limit 1)`;

/** SQL of all months from one's instant to another's. Hours are counted, as a day of the session's time zone may be longer. */
const series = (from: string, to: string): string =>
  `select generate_series(${monthSql(from)}, ${to}, interval '672 hours')`;

/**
 * SQL that gives the months in which a customer's open lots expire, in order, as an array: between the bounds of its balance row.
 * What activity has kept may be older than the bound. `from` and `to` narrow it to instants; without `never`, lots that
 * expire. Aliases and instants are ours, or parameters.
 */
export const monthsBetween = (
  balance: string,
  { from, to, never = true }: { from?: string; to?: string; never?: boolean } = {},
): string => {
  const first = `case when ${balance}.slides_until is null or ${balance}.next_expiry_at is null
    then ${balance}.next_expiry_at else ${edge('asc')} end`;
  const begin = from === undefined ? first : `greatest(${first}, ${from})`;
  const end = to === undefined ? `${balance}.last_expiry_at` : `least(${balance}.last_expiry_at, ${to})`;
  return `array(${series(begin, end)}${never ? " union all select timestamptz 'infinity'" : ''})`;
};

/** SQL that holds of every open lot: for what is rare, and does not know the customer's bounds. */
export const inAnyMonth = (lot: string): string =>
  `${monthOf(lot)} = any(array(${series(edge('asc'), edge('desc'))} union all select timestamptz 'infinity'))`;
