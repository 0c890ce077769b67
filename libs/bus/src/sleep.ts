import { setTimeout as wait } from 'node:timers/promises';

/** Waits, or returns early when the signal is aborted. */
export const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
  if (signal?.aborted) return;
  try {
    await wait(ms, undefined, signal ? { signal } : undefined);
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
};

/** Exponential back-off with full jitter: 50 ms, 100 ms … up to the limit. */
export const backOffMs = (attempt: number, limitMs = 5_000): number => {
  const ceiling = Math.min(limitMs, 50 * 2 ** Math.min(attempt, 20));
  return Math.ceil(ceiling / 2 + (Math.random() * ceiling) / 2);
};
