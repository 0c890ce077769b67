import type { Sql } from '@vafa/bus';

/** Another process empties it at any time. */
const LEFT_OUT = ['outbox'];

/** Makes what sums up everything that a service keeps, as a text per table that is another one when any of its rows is. */
export const createLookAtAll = async (sql: Sql): Promise<() => Promise<string[]>> => {
  const tables = await sql<{ name: string }[]>`
    select c.relname as name from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
      and c.relname <> all(${LEFT_OUT}) order by 1`;
  const sums = tables.map(
    ({ name }) =>
      `select '${name}' as name, count(*) as rows, sum(hashtextextended(t::text, 0)::numeric) as sum from "${name}" t`,
  );
  const query = sums.join(' union all ');
  return async () => {
    const rows = await sql.unsafe<{ name: string; rows: number; sum: string | null }[]>(query);
    return rows.map(({ name, rows: count, sum }) => `${name}: ${count} rows, sum ${sum}`);
  };
};
