import { beginAsking } from './begin-asking.ts';
import type { Sql, Tx } from './sql.ts';

/**
 * Reads as of one moment, in a transaction that keeps its plans: for what is asked often of one customer or order, where planning
 * takes longer than reading (see `keepPlans` for what must not be read so). The first questions go along with BEGIN; for the answer to
 * COMMIT nobody waits, as nothing was written.
 * @throws what `read` throws; AppError unavailable for what the database refuses for now, see `refusalOf`
 */
export const readKeepingPlans = <Result>(sql: Sql, read: (tx: Tx) => Promise<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    beginAsking(sql, {
      ...{ keepsPlans: true, onlyReads: true, ask: read },
      decide: async (_tx, result) => resolve(result),
    }).catch(reject);
  });
