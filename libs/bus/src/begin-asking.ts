import { isAftermath, refusalOf } from './errors.ts';
import { KEEP_PLANS } from './plans.ts';
import type { Sql, Tx } from './sql.ts';

/**
 * Takes what a transaction sends last: COMMIT goes along with it, in one round trip. What is not written then must make the
 * database refuse the statement: nobody looks at how many rows it wrote before they are committed.
 */
export type AlongWithCommit = (statements: Promise<unknown>) => void;

export interface Asking<Asked, Result> {
  /** The transaction keeps its plans from its first statement on, see `keepPlans`. */
  keepsPlans?: boolean;
  /** It only reads, all of it as of one moment. */
  onlyReads?: boolean;
  /** Reads and locks what `decide` needs. Must not write: BEGIN was not answered yet. */
  ask: (tx: Tx) => Promise<Asked>;
  /** Its result is only returned when all was committed, also what it gave to `alongWithCommit`. */
  decide: (tx: Tx, asked: Asked, alongWithCommit: AlongWithCommit) => Promise<Result>;
}

/** How a transaction begins that only reads, all of it as of one moment. */
export const AS_OF_ONE_MOMENT = 'isolation level repeatable read read only';

/** What fails before anything is sent, such as a check of what is to be written, is heard by then. */
const endOfTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/**
 * A transaction whose first questions go to the database along with its BEGIN, in one round trip (decision 0013), and whose last
 * statements may go along with its COMMIT. If BEGIN itself failed, the first would be outside of a transaction: so nothing is
 * decided before it was answered. If one of the last fails, the database makes a ROLLBACK of the COMMIT.
 * @throws what `ask`, `decide` or the last statements threw, the first of these; AppError unavailable for what the database refuses
 * for now, see `refusalOf`
 */
export const beginAsking = async <Asked, Result>(
  sql: Sql,
  { keepsPlans = false, onlyReads = false, ask, decide }: Asking<Asked, Result>,
): Promise<Result> => {
  const last: Promise<unknown>[] = [];
  let failed: { error: unknown } | undefined;
  const alongWithCommit = (statements: Promise<unknown>): void => {
    last.push(statements);
    statements.catch((error: unknown) => {
      failed ??= { error };
    });
  };
  try {
    const { result } = await sql.begin(
      onlyReads ? AS_OF_ONE_MOMENT : '',
      async (tx, begun) => {
        const [asked] = await Promise.all([ask(tx), begun]);
        const result = await decide(tx, asked, alongWithCommit);
        if (last.length > 0) await endOfTick();
        if (failed) throw failed.error;
        // An object, as the driver takes a list for promises that it has to wait for.
        return { result };
      },
      keepsPlans ? KEEP_PLANS : '',
    );
    await Promise.all(last);
    return result as Result;
  } catch (error) {
    // Whoever sent a statement may know better what its failure means; what came after it only says that it failed.
    throw refusalOf(failed && !isAftermath(failed.error) ? failed.error : error);
  }
};
