import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Buying, NOTHING_BOUGHT, withOrder } from './buying.ts';
import { prospect } from './customer.ts';
import { stateAt } from './lifecycle.ts';
import { adoptSettings, afterEvent, asOfNow, type Change, type Standing } from './standing.ts';
import { DEFAULT_THRESHOLDS, FIRST_SETTINGS, type Settings } from './thresholds.ts';

const START = Temporal.Instant.from('2011-01-01T00:00:00Z');
const day = (days: number, extraMs = 0): Temporal.Instant => START.add({ hours: days * 24, milliseconds: extraMs });
const FIRST: Settings = [FIRST_SETTINGS];

interface Told {
  standing: Standing;
  buying: Buying;
  changes: Change[];
}

const BEGINNING: Told = { standing: prospect('c1', START, 0).standing, buying: NOTHING_BOUGHT, changes: [] };

const ordersAt = (told: Told, at: Temporal.Instant, settings: Settings = FIRST): Told => {
  const buying = withOrder(told.buying, at, 1);
  const moved = afterEvent(told.standing, told.buying, buying, settings, at, { kind: 'order' });
  return { standing: moved.standing, buying, changes: [...told.changes, ...moved.changes] };
};
const passes = (told: Told, until: Temporal.Instant, settings: Settings = FIRST): Told => {
  const moved = asOfNow(told.standing, told.buying, settings, until);
  return { ...told, standing: moved.standing, changes: [...told.changes, ...moved.changes] };
};
const given = (...days: number[]): Told => days.reduce((told, each) => ordersAt(told, day(each)), BEGINNING);
const steps = ({ changes }: Told): string[] => changes.map(({ from, to, at }) => `${from} → ${to} ${at}`);

describe('imported history', () => {
  test('steps that silence brought between two orders come first, each at its own time', () => {
    expect(steps(given(0, 200))).toEqual([
      `prospect → new ${day(0)}`,
      `new → at_risk ${day(60, 1)}`,
      `at_risk → dormant ${day(120, 1)}`,
      `dormant → won_back ${day(200)}`,
    ]);
  });

  test('a customer of long ago ends as churned, with times of long ago', () => {
    const told = passes(given(0, 30), Temporal.Instant.from('2026-11-21T00:00:00Z'));
    expect(told.standing.state).toBe('churned');
    expect(steps(told).slice(2)).toEqual([
      `active → at_risk ${day(90, 1)}`,
      `at_risk → dormant ${day(150, 1)}`,
      `dormant → churned ${day(270, 1)}`,
    ]);
    expect(told.changes.map(({ reason }) => reason)).toEqual([
      'first order',
      'ordered again, 2 orders',
      'no order for 60 days',
      'no order for 120 days',
      'no order for 240 days',
    ]);
  });

  test('a silence that was broken in time leaves no step', () => {
    expect(steps(given(0, 60, 120))).toEqual([`prospect → new ${day(0)}`, `new → active ${day(60)}`]);
  });
});

describe('an order that is told late', () => {
  test('counts, but invents no past: the step is taken at the latest instant known', () => {
    const told = ordersAt(given(100), day(10));
    expect(told.buying.orders).toBe(2);
    expect(steps(told).at(-1)).toBe(`new → active ${day(100)}`);
    expect(told.standing.reason).toBe('ordered again, 2 orders');
  });

  test('takes back what silence had seemed to bring', () => {
    const silent = passes(given(0), day(61));
    const told = ordersAt(silent, day(50));
    expect(steps(told).slice(1)).toEqual([`new → at_risk ${day(60, 1)}`, `at_risk → active ${day(60, 1)}`]);
    expect(steps(passes(told, day(111))).at(-1)).toBe(`active → at_risk ${day(110, 1)}`);
  });

  test('that changes nothing makes no step', () => {
    const silent = passes(given(10), day(75));
    expect(steps(ordersAt(silent, day(5)))).toEqual(steps(silent));
  });
});

describe('changed settings', () => {
  const shorter = { atRiskAfterDays: 10, dormantAfterDays: 20, churnedAfterDays: 30, loyalOrders: 5 };
  const changed: Settings = [FIRST_SETTINGS, { version: 1, thresholds: shorter, changedAt: day(100) }];

  test('what they bring carries the time of the change', () => {
    const told = passes(given(75), day(101), changed);
    expect(steps(told).slice(1)).toEqual([`new → dormant ${day(100)}`]);
    expect(told.standing).toMatchObject({ settingsVersion: 1, reason: 'the lifecycle settings were changed' });
    expect(steps(passes(told, day(106), changed)).at(-1)).toBe(`dormant → churned ${day(105, 1)}`);
  });

  test('what was due before them keeps its own time', () => {
    expect(steps(passes(given(0), day(101), changed)).slice(1)).toEqual([
      `new → at_risk ${day(60, 1)}`,
      `at_risk → churned ${day(100)}`,
    ]);
  });

  test('longer silence allowed brings customers back', () => {
    const longer: Settings = [
      FIRST_SETTINGS,
      { version: 1, thresholds: { ...DEFAULT_THRESHOLDS, atRiskAfterDays: 90 }, changedAt: day(70) },
    ];
    expect(steps(passes(given(0), day(71), longer)).at(-1)).toBe(`at_risk → new ${day(70)}`);
  });

  test('that leave the state as it is are adopted without a step', () => {
    const { standing, buying } = given(99);
    const moved = adoptSettings(standing, buying, changed);
    expect(moved.changes).toEqual([]);
    expect(moved.standing).toEqual({ ...standing, settingsVersion: 1 });
  });

  test('do not touch prospects', () => {
    expect(steps(passes(BEGINNING, day(200), changed))).toEqual([]);
  });

  test('are passed through one by one', () => {
    const twice: Settings = [...changed, { version: 2, thresholds: DEFAULT_THRESHOLDS, changedAt: day(110) }];
    expect(steps(passes(given(75), day(120), twice)).slice(1)).toEqual([
      `new → dormant ${day(100)}`,
      `dormant → churned ${day(105, 1)}`,
      `churned → new ${day(110)}`,
    ]);
  });
});

/** The whole life by asking for the state at every instant at which it could change. */
const lifeByAsking = (days: readonly number[], until: Temporal.Instant): string[] => {
  const { atRiskAfterDays, dormantAfterDays, churnedAfterDays } = DEFAULT_THRESHOLDS;
  const instants = days.flatMap((each) => [
    day(each),
    ...[atRiskAfterDays, dormantAfterDays, churnedAfterDays].map((threshold) => day(each + threshold, 1)),
  ]);
  const life: string[] = [];
  let state = 'prospect';
  for (const at of instants.sort(Temporal.Instant.compare)) {
    if (Temporal.Instant.compare(at, until) > 0) break;
    const known = days.map((each) => day(each)).filter((each) => Temporal.Instant.compare(each, at) <= 0);
    const buying = known.reduce((sum, each) => withOrder(sum, each, 1), NOTHING_BOUGHT);
    const to = stateAt(buying, DEFAULT_THRESHOLDS, at);
    if (to !== state) life.push(`${state} → ${to} ${at}`);
    state = to;
  }
  return life;
};

test('orders in their order give the life that asking at every instant gives', () => {
  const orderDays = fc.array(fc.integer({ min: 0, max: 1_500 }), { minLength: 1, maxLength: 12, size: 'max' });
  fc.assert(
    fc.property(orderDays, fc.integer({ min: 1_500, max: 2_000 }), (unsorted, untilDay) => {
      const days = [...new Set(unsorted)].sort((a, b) => a - b);
      expect(steps(passes(given(...days), day(untilDay)))).toEqual(lifeByAsking(days, day(untilDay)));
    }),
  );
});
