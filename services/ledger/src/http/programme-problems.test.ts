import { expect, test } from 'vitest';
import { ProgrammeBody } from './programme-schemas.ts';
import { tellProblems } from './tell-problems.ts';

const check = tellProblems({ schema: ProgrammeBody });
const RIGHT = {
  name: 'shop',
  rates: [{ currency: 'IRR', points: 1, perMinor: 10_000 }],
  rounding: 'floor',
  expiringSoonDays: 30,
  reservationTtlSeconds: 900,
  timeZone: 'Asia/Tehran',
};
const problemsOf = (changed: object): unknown => {
  const { error } = check({ ...RIGHT, ...changed }) as { error?: { details: { problems?: unknown } } };
  return error?.details.problems;
};

test('what is right is taken', () => {
  expect(problemsOf({})).toBeUndefined();
  expect(problemsOf({ expiry: { kind: 'rolling', amount: 12, unit: 'months' } })).toBeUndefined();
});

test('of a choice, only what is wrong with the branch that was meant', () => {
  expect(problemsOf({ expiry: { kind: 'rolling', amount: 12, months: 1 } })).toEqual([
    { path: '/expiry/unit', message: 'is missing' },
    { path: '/expiry/months', message: 'is not a known field' },
  ]);
});

test('of a choice that there is not, what there is', () => {
  expect(problemsOf({ expiry: { kind: 'never', amount: 12 } })).toEqual([
    { path: '/expiry/kind', message: 'must be one of: none, rolling, dates, sliding' },
  ]);
});

test('all at once, also where there is much', () => {
  const rules = Array.from({ length: 12 }, (_, i) => ({ id: `rule-${i}` }));
  const problems = problemsOf({ rounding: 'up', rules }) as { path: string; message: string }[];
  expect(problems).toContainEqual({ path: '/rounding', message: expect.stringMatching(/^must be one of: .*floor/) });
  for (const i of rules.keys()) expect(problems).toContainEqual({ path: `/rules/${i}/effect`, message: 'is missing' });
});
