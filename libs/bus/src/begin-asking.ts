import { KEEP_PLANS } from './plans.ts';
import type { Sql, Tx } from './sql.ts';

export interface Asking<Asked, Result> {
  /** The transaction keeps its plans from its first statement on, see `keepPlans`. */
  keepsPlans?: boolean;
  /** Reads and locks what `decide` needs. Must not write: BEGIN was not answered yet. */
  ask: (tx: Tx) => Promise<Asked>;
  decide: (tx: Tx, asked: Asked) => Promise<Result>;
}

/**
 * A transaction whose first questions go to the database along with its BEGIN, in one round trip (decision 0013). If BEGIN
 * itself failed, they would be outside of a transaction: so nothing is decided before it was answered.
 */
export const beginAsking = <Asked, Result>(
  sql: Sql,
  { keepsPlans = false, ask, decide }: Asking<Asked, Result>,
): Promise<Result> =>
  sql
    .begin(
      '',
      async (tx, begun) => {
        const [asked] = await Promise.all([ask(tx), begun]);
        // An object, as the driver takes a list for promises that it has to wait for.
        return { result: await decide(tx, asked) };
      },
      keepsPlans ? KEEP_PLANS : '',
    )
    .then(({ result }) => result as Result);
