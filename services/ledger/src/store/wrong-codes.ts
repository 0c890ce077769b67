import type { Queryable } from '@vafa/bus';
import { msOf } from './instants.ts';

/** Coupon codes that somebody got wrong since a window began. */
export interface WrongCodes {
  wrong: number;
  sinceMs: number;
}

const COLUMNS = `wrong, ${msOf('since')} as "sinceMs"`;

/** What somebody got wrong in the window that is open; undefined = none is. */
export const findWrongCodes = async (
  db: Queryable,
  guesser: string,
  afterIso: string,
): Promise<WrongCodes | undefined> => {
  const [row] = await db<WrongCodes[]>`select ${db.unsafe(COLUMNS)} from wrong_code
    where guesser = ${guesser}::uuid and since > ${afterIso}::timestamptz`;
  return row;
};

/** Counts wrong codes; a window that began at or before `afterIso` is over, and another begins. Returns the sum in the open one. */
export const addWrongCodes = async (
  db: Queryable,
  guesser: string,
  wrong: number,
  window: { afterIso: string; nowIso: string },
): Promise<WrongCodes | undefined> => {
  const [row] = await db<WrongCodes[]>`
    insert into wrong_code as w (guesser, since, wrong)
    values (${guesser}::uuid, ${window.nowIso}::timestamptz, ${wrong}::integer)
    on conflict (guesser) do update set
      wrong = case when w.since > ${window.afterIso}::timestamptz then w.wrong else 0 end + excluded.wrong,
      since = case when w.since > ${window.afterIso}::timestamptz then w.since else excluded.since end
    returning ${db.unsafe(COLUMNS)}`;
  return row;
};

/** Forgets windows that began before; so many at most. Returns how many. */
export const deleteWrongCodes = async (db: Queryable, beforeIso: string, limit: number): Promise<number> => {
  const rows = await db`delete from wrong_code where guesser in (
    select guesser from wrong_code where since < ${beforeIso}::timestamptz limit ${limit} for update skip locked)`;
  return rows.count;
};
