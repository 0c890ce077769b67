import type { Sql } from '@vafa/bus';

type Session = Awaited<ReturnType<Sql['reserve']>>;

/** Runs a piece of work while this process alone holds the lock of that name; 0 when another process holds it. */
export type RunAlone = (lock: string, work: () => Promise<number>) => Promise<number>;

interface Shared {
  session: Promise<Session>;
  holders: number;
}

/**
 * Locks that live as long as one database session. All of a process's jobs share that session: with one each, they could
 * take every connection of the pool and wait for ever for one to work with.
 */
export const createRunAlone = (sql: Sql): RunAlone => {
  let current: Shared | undefined;

  const enter = (): Shared => {
    current ??= { session: sql.reserve(), holders: 0 };
    current.holders += 1;
    return current;
  };
  /** What was lost took its locks along: whoever comes next gets a new session. */
  const abandon = (shared: Shared): void => {
    if (current === shared) current = undefined;
  };
  const leave = (shared: Shared): void => {
    shared.holders -= 1;
    if (shared.holders > 0) return;
    abandon(shared);
    shared.session.then(
      (session) => session.release(),
      () => undefined,
    );
  };
  const ask = async <Row extends object>(
    shared: Shared,
    query: (session: Session) => Promise<Row[]>,
  ): Promise<Row[]> => {
    try {
      return await query(await shared.session);
    } catch (error) {
      abandon(shared);
      throw error;
    }
  };

  return async (lock, work) => {
    const shared = enter();
    try {
      const [row] = await ask<{ mine: boolean }>(
        shared,
        (session) => session`select pg_try_advisory_lock(hashtextextended(${lock}, 0)) as mine`,
      );
      if (!row?.mine) return 0;
      try {
        return await work();
      } finally {
        await ask(shared, (session) => session`select pg_advisory_unlock(hashtextextended(${lock}, 0))`);
      }
    } finally {
      leave(shared);
    }
  };
};
