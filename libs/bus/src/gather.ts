export interface GatherOptions<Item> {
  /** Portions under way at the same time. */
  places: number;
  /** Most weight of a portion; an item that weighs more goes alone. */
  most: number;
  /** What an item weighs; 1 unless given. */
  weigh?: (item: Item) => number;
  /** Whether an item may go with those of a portion; one that may not is left for a later one. Any may, unless given. */
  fits?: (item: Item, portion: readonly Item[]) => boolean;
  /** Does the work of a portion and settles each of its items. Must not throw. */
  run: (portion: Item[]) => Promise<void>;
}

export interface Gather<Item> {
  /** Those that are added together are taken as if they had come at the same moment. */
  add(...items: readonly Item[]): void;
  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void>;
}

/**
 * Group commit without a timer: what comes while all places are taken waits and then goes together. Portions are small when
 * little comes and large when much does, and nothing ever waits for others to come. Portions are filled in the order of
 * arrival.
 */
export const createGather = <Item>(options: GatherOptions<Item>): Gather<Item> => {
  const { places, most, weigh = () => 1, fits = () => true, run } = options;
  let queue: Item[] = [];
  let underWay = 0;
  let waiting: (() => void)[] = [];

  const takePortion = (): Item[] => {
    const portion: Item[] = [];
    const passed: Item[] = [];
    let weight = 0;
    let at = 0;
    for (; at < queue.length; at++) {
      const item = queue[at] as Item;
      if (!fits(item, portion)) {
        passed.push(item);
        continue;
      }
      weight += weigh(item);
      if (portion.length > 0 && weight > most) break;
      portion.push(item);
    }
    queue = passed.concat(queue.slice(at));
    return portion;
  };

  const begin = (): void => {
    while (underWay < places && queue.length > 0) {
      underWay += 1;
      void run(takePortion()).finally(() => {
        underWay -= 1;
        begin();
        if (underWay > 0) return;
        for (const resolve of waiting) resolve();
        waiting = [];
      });
    }
  };

  return {
    add: (...items) => {
      queue.push(...items);
      begin();
    },
    idle: async () => {
      if (underWay > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
};
