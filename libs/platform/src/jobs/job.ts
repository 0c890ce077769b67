/** Something done by the clock: sweeps of what is due, clean-up. */
export interface Job {
  name: string;
  /** Pause between two runs when the last one found nothing to do. */
  everyMs: number;
  /**
   * 'one': only one process runs it at a time (advisory lock) · 'any': every process may, the rows it claims are locked.
   */
  runsIn: 'one' | 'any';
  /** Does one bounded portion and returns how many things it did; more than 0 means it is called again at once. */
  run: (signal: AbortSignal) => Promise<number>;
}
