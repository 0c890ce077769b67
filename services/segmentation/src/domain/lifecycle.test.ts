import type { LifecycleState } from '@vafa/contracts';
import { describe, expect, test } from 'vitest';
import { nextTransition, stateAt } from './lifecycle.ts';
import { DEFAULT_THRESHOLDS } from './thresholds.ts';

const START = Temporal.Instant.from('2025-01-01T00:00:00Z');
const HOURS_PER_DAY = 24;
const day = (days: number, extraMs = 0): Temporal.Instant =>
  START.add({ hours: days * HOURS_PER_DAY, milliseconds: extraMs });

/** Orders at these days; the state is asked for at `at`. */
const cases: [what: string, orders: number[], at: Temporal.Instant, expected: LifecycleState][] = [
  ['no order', [], day(0), 'prospect'],
  ['the moment of the first order', [0], day(0), 'new'],
  ['one order, silent exactly as long as allowed', [0], day(60), 'new'],
  ['one order, a millisecond longer', [0], day(60, 1), 'at_risk'],
  ['two orders', [0, 10], day(10), 'active'],
  ['two orders at the same moment', [10, 10], day(10), 'active'],
  ['two orders, silent exactly as long as allowed', [0, 10], day(70), 'active'],
  ['two orders, a millisecond longer', [0, 10], day(70, 1), 'at_risk'],
  ['at risk to the last moment', [0, 10], day(130), 'at_risk'],
  ['dormant from the next millisecond', [0, 10], day(130, 1), 'dormant'],
  ['dormant to the last moment', [0, 10], day(250), 'dormant'],
  ['churned from the next millisecond', [0, 10], day(250, 1), 'churned'],
  ['churned for ever', [0], day(10_000), 'churned'],
  ['one order less than loyal', [0, 1, 2, 3], day(3), 'active'],
  ['as many orders as loyal needs', [0, 1, 2, 3, 4], day(4), 'loyal'],
  ['loyal, silent exactly as long as allowed', [0, 1, 2, 3, 4], day(64), 'loyal'],
  ['the loyal fall silent too', [0, 1, 2, 3, 4], day(64, 1), 'at_risk'],
  ['a purchase while at risk wins nobody back', [0, 61], day(61), 'active'],
  ['a silence of exactly T2 is not dormant yet', [0, 120], day(120), 'active'],
  ['a purchase while dormant', [0, 121], day(121), 'won_back'],
  ['a purchase while churned', [0, 500], day(500), 'won_back'],
  ['won back for T1 days', [0, 121], day(181), 'won_back'],
  ['won back and silent again', [0, 121], day(181, 1), 'at_risk'],
  ['the next order ends it', [0, 121, 122], day(122), 'active'],
  ['won back comes before loyal', [0, 1, 2, 3, 124], day(124), 'won_back'],
  ['loyal again with the next order', [0, 1, 2, 3, 124, 125], day(125), 'loyal'],
];

const buyingOf = (days: number[]) => ({
  orders: days.length,
  lastOrderAt: days.length > 0 ? day(days.at(-1) ?? 0) : undefined,
  previousOrderAt: days.length > 1 ? day(days.at(-2) ?? 0) : undefined,
});

test.each(cases)('%s', (_what, orders, at, expected) => {
  expect(stateAt(buyingOf(orders), DEFAULT_THRESHOLDS, at)).toBe(expected);
});

describe('what silence will bring', () => {
  const next: [LifecycleState, LifecycleState | undefined, number][] = [
    ['prospect', undefined, 0],
    ['new', 'at_risk', 60],
    ['active', 'at_risk', 60],
    ['loyal', 'at_risk', 60],
    ['won_back', 'at_risk', 60],
    ['at_risk', 'dormant', 120],
    ['dormant', 'churned', 240],
    ['churned', undefined, 0],
  ];
  test.each(next)('%s → %s', (state, to, afterDays) => {
    const found = nextTransition(state, day(0), DEFAULT_THRESHOLDS);
    expect(found?.to).toBe(to);
    if (to) expect(String(found?.at)).toBe(String(day(afterDays, 1)));
  });

  test('the instant it names is the first at which the state is so', () => {
    const buying = buyingOf([0]);
    for (const state of ['new', 'at_risk', 'dormant'] as const) {
      const found = nextTransition(state, day(0), DEFAULT_THRESHOLDS);
      const at = found?.at ?? START;
      expect(stateAt(buying, DEFAULT_THRESHOLDS, at)).toBe(found?.to);
      expect(stateAt(buying, DEFAULT_THRESHOLDS, at.subtract({ milliseconds: 1 }))).toBe(state);
    }
  });
});
