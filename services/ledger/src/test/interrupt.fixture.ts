import type { Breaker, BreakPoint } from './breaks.fixture.ts';

export interface Interrupted<Result> {
  breaker: Breaker;
  /** What is done; `lost` is aborted at the moment at which it is broken. It may throw then. */
  work: (lost: AbortSignal) => Promise<Result>;
  /** What is kept, as a text per table that is another one when anything in it has changed. */
  lookAtAll: () => Promise<string[]>;
}

/**
 * Does something again and again, broken each time at another point, and at last in peace. The points are found on the way:
 * every statement of every transaction that it takes, however many there are, and every commit; the last time a transaction is
 * broken it was committed, but nobody heard of it. Returns the result of what was done in peace.
 * @throws Error when anything is left of a transaction that was broken before it was committed
 */
export const interrupt = async <Result>({ breaker, work, lookAtAll }: Interrupted<Result>): Promise<Result> => {
  const breakAt = async (point: BreakPoint) => {
    const lost = new AbortController();
    breaker.arm(point, () => lost.abort());
    const result = await work(lost.signal).catch((error: unknown) => {
      if (!lost.signal.aborted) throw error;
      return undefined;
    });
    return { ...breaker.disarm(), result };
  };
  let before = await lookAtAll();
  for (let transaction = 1; ; transaction++) {
    const { broke, result } = await breakAt({ transaction, at: 'commit' });
    // There is no such transaction: it was done in peace.
    if (!broke) return result as Result;
    // What was read for the first time (the programme) is remembered: the second time tells how many statements it takes.
    const { statements, wrote } = await breakAt({ transaction, at: 'commit' });
    for (let statement = 1; statement <= statements; statement++)
      for (const at of ['before', 'after'] as const) {
        const again = await breakAt({ transaction, at, statement });
        if (!again.broke) throw new Error(`statement ${statement} of ${statements} did not come again`);
      }
    if (wrote) {
      const changed = (await lookAtAll()).filter((each) => !before.includes(each));
      if (changed.length > 0) throw new Error(`left of a transaction that was broken: ${changed.join(', ')}`);
    }
    await breakAt({ transaction, at: 'answer' });
    if (wrote) before = await lookAtAll();
  }
};
