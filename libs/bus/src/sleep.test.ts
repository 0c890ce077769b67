import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { backOffMs, createWaiter, sleep, within } from './sleep.ts';

// Only the timers of these tests are counted: the test runner has some of its own, which come and go.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});
const timers = (): number => vi.getTimerCount();
/** The outcome of what takes so many milliseconds. */
const passing = async <Result>(ms: number, work: Promise<Result>): Promise<Result> => {
  await vi.advanceTimersByTimeAsync(ms);
  return work;
};
const LONG_MS = 60_000;

describe('sleep', () => {
  test('ends when the signal is aborted, and leaves no timer behind that would keep the process', async () => {
    const stop = new AbortController();
    const sleeping = sleep(LONG_MS, stop.signal);
    expect(timers()).toBe(1);
    stop.abort();
    await sleeping;
    await sleep(LONG_MS, stop.signal);
    expect(timers()).toBe(0);
  });

  test('ends by itself', async () => {
    await passing(1, sleep(1));
    await passing(1, sleep(1, new AbortController().signal));
  });
});

test('backing off grows from 50 ms to the limit, never the same twice over', () => {
  const most = [1, 2, 3, 4].map((attempt) => Math.max(...Array.from({ length: 200 }, () => backOffMs(attempt))));
  const least = [1, 2, 3, 4].map((attempt) => Math.min(...Array.from({ length: 200 }, () => backOffMs(attempt))));
  for (const [i, ms] of most.entries()) expect(ms).toBeLessThanOrEqual(50 * 2 ** i);
  for (const [i, ms] of least.entries()) expect(ms).toBeGreaterThanOrEqual(25 * 2 ** i);
  expect(backOffMs(1_000)).toBeLessThanOrEqual(5_000);
  expect(backOffMs(1_000, 100)).toBeLessThanOrEqual(100);
  expect(new Set(Array.from({ length: 50 }, () => backOffMs(10))).size).toBeGreaterThan(10);
});

describe('a waiter', () => {
  test('is woken, also by a wake that came before the wait', async () => {
    const waiter = createWaiter(new AbortController().signal);
    const waiting = waiter.wait(LONG_MS);
    waiter.wake();
    await waiting;
    waiter.wake();
    waiter.wake();
    await waiter.wait(LONG_MS);
    expect(timers()).toBe(0);
    let over = false;
    const next = waiter.wait(LONG_MS).then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(LONG_MS - 1);
    expect(over).toBe(false);
    waiter.wake();
    await next;
  });

  test('ends when its owner stops', async () => {
    const stop = new AbortController();
    const waiter = createWaiter(stop.signal);
    const waiting = waiter.wait(LONG_MS);
    stop.abort();
    await waiting;
    await waiter.wait(LONG_MS);
    expect(timers()).toBe(0);
  });
});

describe('within', () => {
  test('says whether the work was done in time, failed or not, and leaves no timer behind', async () => {
    expect(await passing(1, within(LONG_MS, sleep(1)))).toBe(true);
    expect(await within(LONG_MS, Promise.reject(new Error('x')))).toBe(true);
    expect(timers()).toBe(0);
    const stop = new AbortController();
    expect(await passing(1, within(1, sleep(LONG_MS, stop.signal)))).toBe(false);
    stop.abort();
    expect(timers()).toBe(0);
  });
});
