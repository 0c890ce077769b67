import fc from 'fast-check';
import type { Activation } from '../domain/activation.ts';
import type { CalendarZone } from '../domain/calendar.ts';
import { EXPIRY_ROUNDINGS, type Expiry } from '../domain/expiry-policy.ts';
import { PROGRAMME } from './events.fixture.ts';

/** Types of the interactions that customers of the operations have. */
export const VISIT = 'store.visited';
export const SURVEY = 'survey.answered';

/** Zones with a calendar each: days begin at another time, and months on another day. */
export const ZONES: readonly CalendarZone[] = [
  { calendar: 'gregorian', timeZone: PROGRAMME.timeZone },
  { calendar: 'persian', timeZone: 'Asia/Tehran' },
];

/** Dates that both calendars have; the last of February, or of Esfand, in some years only. */
const dates = fc.uniqueArray(
  fc.oneof(
    fc.record({ month: fc.integer({ min: 1, max: 12 }), day: fc.integer({ min: 1, max: 29 }) }),
    fc.constantFrom({ month: 2, day: 29 }, { month: 12, day: 30 }),
  ),
  { minLength: 1, maxLength: 6, size: 'max', selector: ({ month, day }) => month * 100 + day },
);

const days = fc.constantFrom<Expiry[]>(
  { kind: 'rolling', amount: 3, unit: 'days' },
  { kind: 'rolling', amount: 6, unit: 'days' },
  { kind: 'rolling', amount: 15, unit: 'days' },
);
const rounded: fc.Arbitrary<Expiry> = fc.record({
  kind: fc.constant('rolling' as const),
  amount: fc.integer({ min: 1, max: 2 }),
  unit: fc.constantFrom('days' as const, 'days' as const, 'months' as const, 'years' as const),
  roundUpTo: fc.constantFrom(...EXPIRY_ROUNDINGS),
});

/** How long points last; mostly so short that the operations see them expire. */
export const expiries: fc.Arbitrary<Expiry> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Expiry>({ kind: 'none' }) },
  { weight: 4, arbitrary: days },
  { weight: 2, arbitrary: rounded },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dates' as const), dates }) },
);

/** When points become spendable, some days later at most if it is not at once. */
export const activations: fc.Arbitrary<Activation> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom<Activation[]>(
      { kind: 'after', amount: 30, unit: 'hours' },
      { kind: 'after', amount: 200, unit: 'hours' },
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .record(
        {
          kind: fc.constant('after' as const),
          term: fc.constantFrom(
            { amount: 5, unit: 'hours' as const },
            { amount: 1, unit: 'days' as const },
            { amount: 4, unit: 'days' as const },
            { amount: 1, unit: 'months' as const },
          ),
          roundUpTo: fc.constantFrom('day' as const, 'week' as const, 'month' as const, 'quarter' as const),
        },
        { requiredKeys: ['kind', 'term'] },
      )
      .map(({ term, ...rest }): Activation => ({ ...rest, ...term })),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('on_dates' as const), dates }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('on_event' as const),
      interactionType: fc.constantFrom(VISIT, VISIT, SURVEY),
      cancelAfterDays: fc.integer({ min: 1, max: 20 }),
    }),
  },
);
