import type { Sql, Tx } from '@vafa/bus';

/** What the driver throws when the connection to the database is lost: the bus takes it for the database's failure. */
export class ConnectionLost extends Error {
  readonly code = 'CONNECTION_CLOSED';
}

/**
 * Where to break: in which transaction from here on, 1 = the first, and there `before` its n-th statement is sent, or `after` it
 * was done. `commit` fails and everything is rolled back; `answer`: it is committed, but nobody hears of it.
 */
export type BreakPoint = { transaction: number } & (
  | { at: 'before' | 'after'; statement: number }
  | { at: 'commit' | 'answer' }
);

export interface Breaker {
  /** The same pool; its transactions break where they are told to. */
  sql: Sql;
  /** Breaks at this point, once. `onBreak` is called at that moment. */
  arm(point: BreakPoint, onBreak: () => void): void;
  /** Nothing breaks any more. Tells whether it broke, how many statements that transaction had so far, and whether any wrote. */
  disarm(): { broke: boolean; statements: number; wrote: boolean };
}

/** A query of the driver is sent when somebody asks for its outcome; where it is a part of another one it never is. */
type Query = Promise<unknown> & { strings: readonly string[] };
const isQuery = (made: unknown): made is Query => made instanceof Promise;

/** Writes nothing: all that may be sent without a transaction. */
const READS = /^\s*select\b/i;

/** What stands between a query and who awaits it. `send` has it executed; `text` is its SQL, without parameters. */
type Around = (send: () => Promise<unknown>, text: string) => Promise<unknown>;

/** Asks the driver itself, past what `watch` has put before it. */
const ask = (query: Query): Promise<unknown> =>
  new Promise((resolve, reject) => Object.getPrototypeOf(query).then.call(query, resolve, reject));

/**
 * Puts something between a query and who awaits it; once, however many do. What the driver does not execute by itself (names
 * of columns, parts of queries) is left as it is.
 */
const watch = <Given>(given: Given, around: Around): Given => {
  if (!isQuery(given)) return given;
  let outcome: Promise<unknown> | undefined;
  // biome-ignore lint/suspicious/noThenProperty: awaiting a query is what executes it
  given.then = (...then: Parameters<Query['then']>) => {
    outcome ??= around(() => ask(given), given.strings.join('?'));
    return outcome.then(...then) as never;
  };
  return given;
};

/** The same driver, with something put between each query that it makes and who awaits it. */
const watching = <Driver extends Sql | Tx>(driver: Driver, around: Around, others: object = {}): Driver =>
  new Proxy(driver, {
    apply: (target, self, args) => watch(Reflect.apply(target as never, self, args), around),
    get: (target, name) => {
      if (Object.hasOwn(others, name)) return Reflect.get(others, name);
      if (name === 'savepoint') throw new Error('statements within a savepoint would not be counted');
      if (name !== 'unsafe') return Reflect.get(target, name);
      return (...args: Parameters<Sql['unsafe']>) => watch(target.unsafe(...args), around);
    },
  });

/** Wraps a pool. Only what is done in transactions may write. */
export const createBreaker = (sql: Sql): Breaker => {
  let point: BreakPoint | undefined;
  let onBreak = (): void => undefined;
  let transactions = 0;
  let seen = { broke: false, statements: 0, wrote: false };

  const isAt = (at: BreakPoint['at'], transaction: number, statement?: number): boolean =>
    point?.at === at && point.transaction === transaction && (!('statement' in point) || point.statement === statement);
  const breakAt = (...where: Parameters<typeof isAt>): void => {
    if (!isAt(...where)) return;
    seen.broke = true;
    point = undefined;
    onBreak();
    throw new ConnectionLost('broken by the test');
  };

  /** Once broken, nothing goes through any more, as on a lost connection. */
  const breakable = (tx: Tx, state: { transaction: number; lost: boolean; pending: Promise<unknown>[] }): Tx => {
    let count = 0;
    const broken: Around = async (send, text) => {
      if (state.lost) throw new ConnectionLost('lost before');
      count += 1;
      const mine = count;
      if (point?.transaction === state.transaction) {
        seen.statements = count;
        seen.wrote ||= !READS.test(text);
      }
      try {
        breakAt('before', state.transaction, mine);
        const result = await send();
        breakAt('after', state.transaction, mine);
        return result;
      } catch (error) {
        if (error instanceof ConnectionLost) state.lost = true;
        throw error;
      }
    };
    return watching(tx, (send, text) => {
      const outcome = broken(send, text);
      state.pending.push(outcome);
      return outcome;
    });
  };

  /** As the driver's: some give options before what is done, some a statement that goes along with BEGIN after it. */
  const begin = async (...args: unknown[]): Promise<unknown> => {
    const work = args.find((each) => typeof each === 'function') as (tx: Tx, begun?: unknown) => Promise<unknown>;
    transactions += 1;
    const state = { transaction: transactions, lost: false, pending: [] };
    const all = async (tx: Tx, begun?: unknown): Promise<unknown> => {
      const result = await work(breakable(tx, state), begun);
      // What COMMIT would go along with is done before it: the connection may be lost between any two of them.
      await Promise.allSettled(state.pending);
      // Whoever caught the error has lost the transaction all the same.
      if (state.lost) throw new ConnectionLost('lost before the commit');
      breakAt('commit', state.transaction);
      return result;
    };
    const given = args.map((each) => (each === work ? all : each));
    const result = await (sql.begin as (...given: unknown[]) => Promise<unknown>)(...given);
    breakAt('answer', state.transaction);
    return result;
  };
  const alone: Around = (send, text) => {
    if (!READS.test(text)) throw new Error(`written outside of a transaction: ${text}`);
    return send();
  };

  return {
    sql: watching(sql, alone, { begin }),
    arm: (where, then) => {
      point = where;
      onBreak = then;
      transactions = 0;
      seen = { broke: false, statements: 0, wrote: false };
    },
    disarm: () => {
      point = undefined;
      return seen;
    },
  };
};
