import { WEEKS_BEGIN } from './tables/columns.ts';

/**
 * Indexes of a customer's transfers, and of the orders that earned nothing, begin with the week in which these were recorded. Of
 * a book of any size only the part of the present week is written, which stays in memory; with the customer first, each booking
 * wrote a page of its own somewhere in indexes that outgrow the memory. Who asks for what is a customer's asks week by week: a
 * search each in the index, some microseconds. See decision 11.
 */
type Weekly = 'transfer' | 'purchase';

/** Which rows the index has; who asks by it says so, too. */
const INDEXED: Record<Weekly, string> = { transfer: '', purchase: 'where edge.earn_id is null' };

/** SQL that gives the week of a row, as the index has it. Names are ours, never a caller's. */
export const weekOf = (alias: string): string => `date_bin('7 days', ${alias}.recorded_at, ${WEEKS_BEGIN})`;

const edge = (table: Weekly, direction: 'asc' | 'desc'): string =>
  `(select ${weekOf('edge')} from ${table} edge ${INDEXED[table]} order by ${weekOf('edge')} ${direction} limit 1)`;

/**
 * SQL that gives all weeks from the index's first to its last, as rows. Hours are counted, as a day of the session's time
 * zone may have more or fewer than 24.
 */
export const weeksOf = (table: Weekly): string =>
  `generate_series(${edge(table, 'asc')}, ${edge(table, 'desc')}, interval '168 hours')`;

/** SQL that holds of every row that the index has: it names the weeks, without which the index would not serve. */
export const inAnyWeek = (table: Weekly, alias: string): string =>
  `${weekOf(alias)} = any(array(select ${weeksOf(table)}))`;
