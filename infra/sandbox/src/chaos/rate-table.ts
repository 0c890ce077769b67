import { seededRandom } from './seeded-random.ts';

/** One possible outcome and how often it happens, 0 to 1. */
export interface Rated<Behaviour> {
  behaviour: Behaviour;
  rate: number;
}

/**
 * Draws behaviours at the given rates; what is left of 1 is `undefined`, the ordinary course.
 * @throws RangeError when a rate is outside 0..1 or the rates sum to more than 1
 */
export const createRateTable = <Behaviour>(rows: Rated<Behaviour>[], seed: number): (() => Behaviour | undefined) => {
  const sum = rows.reduce((total, row) => total + row.rate, 0);
  for (const { rate } of rows) {
    if (!(rate >= 0 && rate <= 1)) throw new RangeError(`a chaos rate must be between 0 and 1, not ${rate}`);
  }
  // Ten rates of 0.1 sum to a hair above 1 in floating point.
  if (sum > 1 + 1e-9) throw new RangeError(`chaos rates sum to ${sum}, more than 1`);
  const random = seededRandom(seed);
  return () => {
    let left = random();
    for (const { behaviour, rate } of rows) {
      if (left < rate) return behaviour;
      left -= rate;
    }
    return undefined;
  };
};
