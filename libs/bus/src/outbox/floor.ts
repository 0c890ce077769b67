/** A look at the outbox, once its rows are published and deleted. */
export interface Look {
  /** The highest id given out before the look; 0 when none was. */
  lastId: number;
  /** The lowest number of a transaction that was still under way before the look, or that would come next. */
  oldestWriter: number;
  /** All rows that were visible up to this id are gone; Infinity when those were all. */
  reach: number;
  /** The number of the transaction that deleted the rows; undefined when there were none. */
  deleter: number | undefined;
}

/** The lowest id that a row of the outbox can still have. */
export interface Floor {
  /** Where the next look may begin. */
  from(): number;
  passed(look: Look): void;
}

/**
 * Rows are taken from one end and deleted, so a look from the beginning reads all that was deleted since the last vacuum: with
 * 10,000 events a second that was a fifth of all the database did. An id alone is no place to go on from, as one that was
 * given out earlier may be committed later. But a writer has its number before it gets an id (`emit` sees to it), and numbers
 * rise. So whoever has an id up to `lastId` has a lower number than a transaction that began to write after that was read:
 * the one that deletes what the look showed. Once all lower numbers have ended and a look saw what there is up to `lastId`,
 * no row will come below.
 */
export const createFloor = (): Floor => {
  let floor = 0;
  let mark: { lastId: number; writersBelow: number } | undefined;
  return {
    from: () => floor,
    passed: ({ lastId, oldestWriter, reach, deleter }) => {
      if (mark && oldestWriter >= mark.writersBelow && reach >= mark.lastId) {
        floor = mark.lastId + 1;
        mark = undefined;
      }
      if (!mark && deleter !== undefined && lastId >= floor) mark = { lastId, writersBelow: deleter };
    },
  };
};
