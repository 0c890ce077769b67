export interface GatherOptions<Item> {
  /** Portions under way at the same time. */
  places: number;
  /** Most weight of a portion; an item that weighs more goes alone. */
  most: number;
  /**
   * Weight from which a portion of its own is worth what it costs while another is under way: what waits is shared among the
   * free places in portions of at least this weight, and less than this waits for the portion that is under way, but no longer
   * than a few milliseconds. Nothing is shared, and nothing waits while a place is free, unless it is given.
   */
  shareFrom?: number;
  /** What an item weighs; 1 unless given. */
  weigh?: (item: Item) => number;
  /**
   * Whether an item may go with those of a portion, which are some; one that may not is left for a later one. Any may, unless
   * given.
   */
  fits?: (item: Item, portion: readonly Item[]) => boolean;
  /** Does the work of a portion and settles each of its items. Must not throw. */
  run: (portion: Item[]) => Promise<void>;
}

export interface Gather<Item> {
  add(item: Item): void;
  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void>;
}

/** How long less than is worth a portion of its own waits for one that is under way: it may hang on somebody else's lock. */
const HELD_BACK_MS = 5;

/**
 * Group commit: what comes in the same turn of the event loop, or while all places are taken, goes together.
 * Portions are small when little comes and large when much does, and nothing waits for others to come. Portions are filled in the
 * order of arrival.
 */
export const createGather = <Item>(options: GatherOptions<Item>): Gather<Item> => {
  const { places, most, weigh = () => 1, fits = () => true, run } = options;
  const shareFrom = options.shareFrom && Math.min(options.shareFrom, most);
  let queue: Item[] = [];
  let waitingWeight = 0;
  let underWay = 0;
  let waiting: (() => void)[] = [];
  let beginning = false;
  let heldBack: NodeJS.Timeout | undefined;
  let heldBackEnough = false;

  const takePortion = (): Item[] => {
    const enough = shareFrom === undefined ? most : Math.max(shareFrom, waitingWeight / (places - underWay));
    const portion: Item[] = [];
    const passed: Item[] = [];
    let weight = 0;
    let at = 0;
    for (; at < queue.length && weight < enough; at++) {
      const item = queue[at] as Item;
      if (portion.length > 0 && !fits(item, portion)) {
        passed.push(item);
        continue;
      }
      const more = weigh(item);
      if (portion.length > 0 && weight + more > most) break;
      weight += more;
      portion.push(item);
    }
    waitingWeight -= weight;
    queue = passed.concat(queue.slice(at));
    return portion;
  };

  const isWorthAPlace = (): boolean =>
    underWay === 0 || shareFrom === undefined || waitingWeight >= shareFrom || heldBackEnough;

  const begin = (): void => {
    beginning = false;
    while (underWay < places && queue.length > 0) {
      if (!isWorthAPlace()) {
        heldBack ??= setTimeout(() => {
          [heldBack, heldBackEnough] = [undefined, true];
          begin();
        }, HELD_BACK_MS);
        return;
      }
      const portion = takePortion();
      // What is left waits no longer than what is taken would have.
      if (queue.length === 0) {
        clearTimeout(heldBack);
        [heldBack, heldBackEnough] = [undefined, false];
      }
      underWay += 1;
      void run(portion).finally(() => {
        underWay -= 1;
        beginThisTurn();
        if (underWay > 0 || queue.length > 0) return;
        for (const resolve of waiting) resolve();
        waiting = [];
      });
    }
  };
  const beginThisTurn = (): void => {
    if (beginning || queue.length === 0) return;
    beginning = true;
    setImmediate(begin);
  };

  return {
    add: (item) => {
      queue.push(item);
      waitingWeight += weigh(item);
      if (underWay < places) beginThisTurn();
    },
    idle: async () => {
      if (underWay > 0 || queue.length > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
};

/**
 * Makes one call of many: what is asked together is answered together, by one `ask` whose answers come in the order of what
 * was asked. When it throws, each of them fails.
 */
export const createGatheredCall = <Question, Answer>(
  ask: (questions: Question[]) => Promise<readonly Answer[]>,
  limits: { places: number; most: number },
): ((question: Question) => Promise<Answer>) => {
  interface Asked {
    question: Question;
    answered: (answer: Answer) => void;
    failed: (error: unknown) => void;
  }
  const gather = createGather<Asked>({
    ...limits,
    run: async (portion) => {
      try {
        const answers = await ask(portion.map(({ question }) => question));
        for (const [i, { answered }] of portion.entries()) answered(answers[i] as Answer);
      } catch (error) {
        for (const { failed } of portion) failed(error);
      }
    },
  });
  return (question) =>
    new Promise((answered, failed) => {
      gather.add({ question, answered, failed });
    });
};
