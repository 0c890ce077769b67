/** Misbehaviour for tests: what any broker does on a bad day. Rates are probabilities per batch. */
export interface Chaos {
  /** Hands a batch that was handled and committed to the handler once more. */
  duplicateRate: number;
  /** Gives all leases up after a batch, as in a rebalance. */
  rebalanceRate: number;
  /** Handles a batch but forgets to commit its offset, so it comes again. */
  forgetCommitRate: number;
  /** A number in [0, 1); seeded in tests. */
  random: () => number;
}

export const NO_CHAOS: Chaos = { duplicateRate: 0, rebalanceRate: 0, forgetCommitRate: 0, random: Math.random };
