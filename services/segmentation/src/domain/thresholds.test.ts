import { AppError } from '@vafa/kernel';
import { expect, test } from 'vitest';
import { checkThresholds, DEFAULT_THRESHOLDS } from './thresholds.ts';

const problemsOf = (change: Partial<typeof DEFAULT_THRESHOLDS>): string[] => {
  try {
    checkThresholds({ ...DEFAULT_THRESHOLDS, ...change });
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe('segmentation.invalid_thresholds');
    return (error.details.problems ?? []).map(({ path }) => path);
  }
};

test('rising thresholds are taken', () => {
  expect(problemsOf({})).toEqual([]);
  expect(problemsOf({ atRiskAfterDays: 1, dormantAfterDays: 2, churnedAfterDays: 3 })).toEqual([]);
});

test('equal or falling thresholds are refused, each by name', () => {
  expect(problemsOf({ dormantAfterDays: 60 })).toEqual(['/dormantAfterDays']);
  expect(problemsOf({ churnedAfterDays: 120 })).toEqual(['/churnedAfterDays']);
  expect(problemsOf({ atRiskAfterDays: 300, churnedAfterDays: 100 })).toEqual([
    '/dormantAfterDays',
    '/churnedAfterDays',
  ]);
});
