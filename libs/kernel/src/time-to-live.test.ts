import { expect, it } from 'vitest';
import { readTimeToLive } from './time-to-live.ts';

it.each([
  ['P1D', 86_400_000],
  ['PT6H', 21_600_000],
  ['P1W', 604_800_000],
  ['P1DT1H1M1.5S', 90_061_500],
  ['P366D', 31_622_400_000],
])('%s lasts %d ms', (text, ms) => {
  expect(readTimeToLive(text)).toEqual({ ms });
});

it.each([
  ['a day', 'must be an ISO 8601 duration such as P1D or PT6H'],
  ['P1M', 'must be in weeks, days, hours, minutes or seconds'],
  ['P1Y', 'must be in weeks, days, hours, minutes or seconds'],
  ['PT0S', 'must be longer than zero'],
  ['-P1D', 'must be longer than zero'],
  ['P367D', 'must be at most 366 days'],
])('%s is refused', (text, problem) => {
  expect(readTimeToLive(text)).toEqual({ problem });
});
