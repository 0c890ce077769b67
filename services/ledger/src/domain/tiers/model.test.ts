import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROGRAMME } from '../../test/events.fixture.ts';
import { createSlowCalendar } from '../../test/slow-calendar.fixture.ts';
import { createSlowTiers, type SlowCounted } from '../../test/slow-tiers.fixture.ts';
import { STEPS, tierStructures } from '../../test/tier-structures.fixture.ts';
import type { CalendarZone } from '../calendar.ts';
import { look } from './look.ts';
import type { TierState } from './state.ts';
import type { TierStructure } from './structure.ts';
import { isoDate } from './window.ts';

const DAY_MS = 86_400_000;
const zone: CalendarZone = { calendar: 'gregorian', timeZone: PROGRAMME.timeZone };

/** Some time passes, then something counts that happened a while before, or something that did does not any more. */
const step = fc.record({
  hours: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 1_000 })),
  steps: fc.integer({ min: 0, max: 2 }),
  ageDays: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ max: 40, min: 1 }) },
    { weight: 1, arbitrary: fc.integer({ max: 300, min: 41 }) },
  ),
  takesBack: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 2, arbitrary: fc.nat(3) }),
});

const run = (
  structure: TierStructure,
  steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[],
) => {
  const counted: SlowCounted[] = [];
  const slow = createSlowTiers(structure, createSlowCalendar(zone), () => counted);
  let state: TierState | undefined;
  let nowMs = Date.parse('2026-02-03T10:00:00Z');
  const seen: (string | null)[] = [];
  const dayOf = (timeMs: number): string =>
    isoDate(Temporal.Instant.fromEpochMilliseconds(timeMs).toZonedDateTimeISO(zone.timeZone).toPlainDate());
  const bothLook = (told: string[]): void => {
    const days = counted.map(({ timeMs, amount }) => ({ day: dayOf(timeMs), amount }));
    state = look({ structure, zone, days }, state, nowMs, told);
    slow.look('ann', nowMs);
    expect(state?.tier ?? null).toBe(slow.tierOf('ann'));
    seen.push(slow.tierOf('ann'));
  };
  for (const each of steps) {
    nowMs += each.hours * 3_600_000;
    bothLook([]);
    const gone = each.takesBack === null ? undefined : counted.at(-1 - each.takesBack);
    if (gone) gone.amount = 0;
    else counted.push({ timeMs: nowMs - each.ageDays * DAY_MS, amount: each.steps * STEPS[structure.metric.kind] });
    bothLook(gone || each.steps === 0 ? [] : [dayOf(nowMs - each.ageDays * DAY_MS)]);
  }
  return seen;
};

test('tiers are what the terms say when they are told day by day', () => {
  fc.assert(
    fc.property(
      tierStructures,
      fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }),
      (structure, steps) => void run(structure, steps),
    ),
    { numRuns: 200 },
  );
}, 60_000);
