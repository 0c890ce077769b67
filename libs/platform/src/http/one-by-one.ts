/**
 * Makes what has work of one key done one after the other, in the order of asking; work of different keys goes at the same time,
 * and so does work without a key.
 */
export const createOneByOne = () => {
  const ends = new Map<string, Promise<void>>();
  return async <Result>(key: string | undefined, work: () => Promise<Result>): Promise<Result> => {
    if (key === undefined) return work();
    for (let end = ends.get(key); end; end = ends.get(key)) await end;
    const { promise, resolve } = Promise.withResolvers<void>();
    ends.set(key, promise);
    try {
      return await work();
    } finally {
      ends.delete(key);
      resolve();
    }
  };
};
