/** A map by key in order of arrival that forgets its oldest entries beyond a limit of count and of estimated bytes. */
export interface BoundedMap<Key, Value> {
  get(key: Key): Value | undefined;
  /** Adds a new key, or replaces the value of a known one in its place. */
  set(key: Key, value: Value): void;
  /** Oldest first. */
  values(): IterableIterator<Value>;
  clear(): void;
  size(): number;
  /** How many entries were forgotten for the limits. */
  forgottenCount(): number;
}

/**
 * @param limitCount entries kept at most
 * @param limitBytes estimated bytes kept at most; the newest entry is kept even if it alone is larger
 * @param onForget hears of each entry that falls out, to drop it from other indexes
 */
export const createBoundedMap = <Key, Value>(options: {
  limitCount: number;
  limitBytes?: number;
  bytesOf?: (value: Value) => number;
  onForget?: (value: Value) => void;
}): BoundedMap<Key, Value> => {
  const { limitCount, limitBytes = Number.POSITIVE_INFINITY, bytesOf = () => 0, onForget } = options;
  const entries = new Map<Key, Value>();
  let bytes = 0;
  let forgotten = 0;

  const forgetOldest = () => {
    const oldest = entries.entries().next();
    if (oldest.done) return;
    const [key, value] = oldest.value;
    entries.delete(key);
    bytes -= bytesOf(value);
    forgotten += 1;
    onForget?.(value);
  };

  return {
    get: (key) => entries.get(key),
    set: (key, value) => {
      const before = entries.get(key);
      if (before !== undefined) bytes -= bytesOf(before);
      entries.set(key, value);
      bytes += bytesOf(value);
      while (entries.size > limitCount || (bytes > limitBytes && entries.size > 1)) forgetOldest();
    },
    values: () => entries.values(),
    clear: () => {
      entries.clear();
      bytes = 0;
    },
    size: () => entries.size,
    forgottenCount: () => forgotten,
  };
};
