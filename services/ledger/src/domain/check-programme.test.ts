import { expect, test } from 'vitest';
import { level, structure } from '../test/tiers.fixture.ts';
import { programmeProblems } from './check-programme.ts';
import type { Programme } from './programme.ts';

const RIGHT: Programme = {
  name: 'Club',
  rates: [{ currency: 'EUR', points: 1, perMinor: 100 }],
  rounding: 'floor',
  expiringSoonDays: 0,
  reservationTtlSeconds: 900,
  timeZone: 'Asia/Tehran',
  calendar: 'persian',
};
const pathsOf = (changed: Partial<Programme>): string[] =>
  programmeProblems({ ...RIGHT, ...changed }).map(({ path }) => path);

test('one that is right has no problems, in either calendar, whatever its zone is called', () => {
  for (const timeZone of ['Asia/Tehran', 'asia/tehran', 'Iran', 'UTC', 'Etc/GMT-3'])
    expect(pathsOf({ timeZone })).toEqual([]);
  // The second month has 31 days in Iran.
  const dates = [{ month: 2, day: 31 }];
  expect(pathsOf({ activation: { kind: 'on_dates', dates }, expiry: { kind: 'dates', dates } })).toEqual([]);
  expect(pathsOf({ expiresAfterDays: null, expiry: { kind: 'none' } })).toEqual([]);
});

const twice = [
  { month: 1, day: 1 },
  { month: 1, day: 1 },
];
const april = [{ month: 4, day: 31 }];
const mehr = [{ month: 7, day: 31 }];
const [rate] = RIGHT.rates;
const value = { currency: 'EUR', minor: 1, perPoints: 1 };
const rule = {
  ...{ id: 'r', name: 'r', order: 1, trigger: { on: 'purchase' as const } },
  effect: { kind: 'fixed' as const, points: 5 },
};

test.each<[string, Partial<Programme>, string[]]>([
  ['two rates of a currency', { rates: [rate, rate] as Programme['rates'] }, ['/rates/1/currency']],
  ['two values of a currency', { pointValues: [value, value] }, ['/pointValues/1/currency']],
  ['an unknown zone', { timeZone: 'Asia/Atlantis' }, ['/timeZone']],
  ['an offset', { timeZone: '+03:30' }, ['/timeZone']],
  ['an activation that is never', { activation: { kind: 'on_dates', dates: [] } }, ['/activation/dates']],
  ['a date of another calendar', { activation: { kind: 'on_dates', dates: mehr } }, ['/activation/dates/0/day']],
  [
    'a date of the other calendar',
    { calendar: 'gregorian', activation: { kind: 'on_dates', dates: april } },
    ['/activation/dates/0/day'],
  ],
  ['an expiry date that is there twice', { expiry: { kind: 'dates', dates: twice } }, ['/expiry/dates/1']],
  ['an expiry date of another calendar', { expiry: { kind: 'dates', dates: mehr } }, ['/expiry/dates/0/day']],
  ['expiry said twice', { expiresAfterDays: 5, expiry: { kind: 'none' } }, ['/expiresAfterDays']],
  ['two rules of an id', { rules: [rule, rule] }, ['/rules/1/id']],
  [
    'a rule for a tier that there is not',
    { rules: [{ ...rule, when: { kind: 'customer_tier', in: ['gold'] } }] },
    ['/rules/0/when/in/0'],
  ],
  ['no tiers', { tiers: structure({ levels: [] }) }, ['/tiers/levels']],
  [
    'an expiry of a tier by a date of another calendar',
    {
      tiers: structure({
        levels: [{ ...level('gold', 5), benefits: { rewards: [], expiry: { kind: 'dates', dates: mehr } } }],
      }),
    },
    ['/tiers/levels/0/benefits/expiry/dates/0/day'],
  ],
])('of %s the field is told', (_, changed, paths) => {
  expect(pathsOf(changed)).toEqual(paths);
});

test('all problems are told at once', () => {
  expect(
    pathsOf({ pointValues: [value, value], expiry: { kind: 'dates', dates: [] }, tiers: structure({ levels: [] }) }),
  ).toEqual(['/pointValues/1/currency', '/expiry/dates', '/tiers/levels']);
});
