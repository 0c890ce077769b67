/** Waits, or returns early when the signal is aborted. Leaves no timer behind. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });

/** Exponential back-off with jitter: 50 ms, 100 ms … up to the limit. */
export const backOffMs = (attempt: number, limitMs = 5_000): number => {
  const ceiling = Math.min(limitMs, 50 * 2 ** Math.min(Math.max(attempt - 1, 0), 20));
  return Math.ceil(ceiling / 2 + (Math.random() * ceiling) / 2);
};

/**
 * A pause that can be ended from outside. A wake that comes while nobody waits ends the next wait at once, so that none is
 * missed.
 */
export const createWaiter = (stopping: AbortSignal) => {
  let woken = false;
  let end: (() => void) | undefined;
  return {
    wake: (): void => {
      woken = true;
      end?.();
    },
    wait: (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const finish = (): void => {
          woken = false;
          end = undefined;
          clearTimeout(timer);
          stopping.removeEventListener('abort', finish);
          resolve();
        };
        const timer = setTimeout(finish, ms);
        if (woken || stopping.aborted) return finish();
        end = finish;
        stopping.addEventListener('abort', finish);
      }),
  };
};

/** The first of the work and the limit; true when the work was done in time. Leaves no timer behind. */
export const within = async (ms: number, work: Promise<unknown>): Promise<boolean> => {
  const over = new AbortController();
  const done = work.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([done, sleep(ms, over.signal).then(() => false)]);
  over.abort();
  return inTime;
};
