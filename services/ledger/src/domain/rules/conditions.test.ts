import fc from 'fast-check';
import { expect, test } from 'vitest';
import { conditions, customerFacts, orderFacts } from '../../test/rules.fixture.ts';
import { slowHolds } from '../../test/slow-conditions.fixture.ts';
import type { CalendarZone } from '../calendar.ts';
import { asksCustomer, compileCondition } from './conditions.ts';
import type { CustomerFacts, EventFacts, OrderFacts } from './facts.ts';
import { createLocalTime } from './local-time.ts';
import type { Condition } from './rule.ts';

const BERLIN: CalendarZone = { calendar: 'gregorian', timeZone: 'Europe/Berlin' };
const TEHRAN: CalendarZone = { calendar: 'persian', timeZone: 'Asia/Tehran' };

const ORDER: OrderFacts = {
  currency: 'EUR',
  totalMinor: 5_000,
  store: 'north',
  lines: [
    { sku: 'a', quantity: 2, amountMinor: 3_000, category: 'shoes', brand: 'acme', labels: ['new'] },
    { sku: 'b', quantity: 1, amountMinor: 2_000, category: 'hats' },
  ],
};
const ANN: CustomerFacts = {
  tier: 'gold',
  segments: ['vip'],
  lifecycle: 'loyal',
  attributes: { age: 30, city: 'yazd' },
};

const holds = (
  condition: Condition,
  at = '2026-11-21T08:00:00Z',
  zone = BERLIN,
  customer?: CustomerFacts,
  event = ORDER,
) => compileCondition(condition, createLocalTime(zone))({ atMs: Date.parse(at), order: event }, customer);

test.each<[Condition, boolean]>([
  [{ kind: 'order_total', currency: 'EUR', atLeastMinor: 5_000 }, true],
  [{ kind: 'order_total', currency: 'EUR', atMostMinor: 4_999 }, false],
  [{ kind: 'order_total', currency: 'USD', atLeastMinor: 1 }, false],
  [{ kind: 'order_store', in: ['north'] }, true],
  [{ kind: 'order_channel', in: ['web'] }, false],
  [{ kind: 'order_lines', atLeast: 2, atMost: 2 }, true],
  [{ kind: 'any_line', lines: { category: ['shoes'], brand: ['acme'] } }, true],
  [{ kind: 'any_line', lines: { category: ['hats'], brand: ['acme'] } }, false],
  [{ kind: 'any_line', lines: { except: { category: ['hats'], label: ['new'] } } }, false],
  [{ kind: 'all_lines', lines: { category: ['shoes', 'hats'] } }, true],
  [{ kind: 'all_lines', lines: { brand: ['acme'] } }, false],
  [{ kind: 'lines_amount', currency: 'EUR', lines: { sku: ['a'] }, atLeastMinor: 3_000 }, true],
  [{ kind: 'lines_quantity', lines: { label: ['new'] }, atLeast: 3 }, false],
  [{ kind: 'customer_tier', in: ['gold'] }, true],
  [{ kind: 'customer_segment', in: ['lost'] }, false],
  [{ kind: 'customer_lifecycle', in: ['loyal'] }, true],
  [{ kind: 'customer_attribute', name: 'age', atLeast: 30, atMost: 30 }, true],
  [{ kind: 'customer_attribute', name: 'city', atLeast: 1 }, false],
  [{ kind: 'customer_attribute', name: 'toString', in: ['x'] }, false],
  [
    {
      not: {
        any: [
          { kind: 'order_currency', in: ['USD'] },
          { kind: 'order_store', in: ['south'] },
        ],
      },
    },
    true,
  ],
])('%j', (condition, expected) => {
  expect(holds(condition, undefined, BERLIN, ANN)).toBe(expected);
});

test('of an order without lines nothing is said of all of them, and of a customer nobody knows nothing holds', () => {
  expect(holds({ kind: 'all_lines', lines: {} }, undefined, BERLIN, ANN, { ...ORDER, lines: [] })).toBe(false);
  for (const kind of ['customer_tier', 'customer_segment'] as const)
    expect(holds({ kind, in: ['gold', 'vip'] })).toBe(false);
});

test('times are those of the programme', () => {
  // 23:30 on Friday 20 November in Berlin.
  const late = '2026-11-20T22:30:00Z';
  expect(holds({ kind: 'weekday', in: ['friday'] }, late)).toBe(true);
  expect(holds({ kind: 'weekday', in: ['saturday'] }, late, { ...BERLIN, timeZone: 'Asia/Tokyo' })).toBe(true);
  expect(holds({ kind: 'hours', fromHour: 23, untilHour: 24 }, late)).toBe(true);
  expect(holds({ kind: 'hours', fromHour: 22, untilHour: 6 }, late)).toBe(true);
  expect(holds({ kind: 'hours', fromHour: 6, untilHour: 22 }, late)).toBe(false);
  expect(holds({ kind: 'dates', from: '2026-11-20', until: '2026-11-20' }, late)).toBe(true);
  expect(holds({ kind: 'dates', from: '2026-11-21' }, late)).toBe(false);
  expect(holds({ kind: 'dates', from: '2026-11-21' }, '2026-11-20T23:00:00Z')).toBe(true);
});

test('on the day on which clocks are set back an hour comes twice', () => {
  // 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
  const between = (at: string) => holds({ kind: 'hours', fromHour: 2, untilHour: 3 }, at);
  const times = ['2026-10-24T23:59:59Z', '2026-10-25T00:00:00Z', '2026-10-25T01:59:59Z', '2026-10-25T02:00:00Z'];
  expect(times.map(between)).toEqual([false, true, true, false]);
});

test('dates are Jalali where the calendar is', () => {
  // 1403 is a leap year: its last day is 30 Esfand, 20 March 2025.
  const lastDay: Condition = { kind: 'dates', from: '1403-12-30', until: '1403-12-30' };
  expect(holds(lastDay, '2025-03-20T08:00:00Z', TEHRAN)).toBe(true);
  expect(holds(lastDay, '2025-03-20T20:30:00Z', TEHRAN)).toBe(false);
  const nowruz: Condition = { kind: 'every_year', firstDay: { month: 12, day: 29 }, lastDay: { month: 1, day: 13 } };
  expect(holds(nowruz, '2026-03-20T08:00:00Z', TEHRAN)).toBe(true);
  expect(holds(nowruz, '2026-04-02T08:00:00Z', TEHRAN)).toBe(true);
  expect(holds(nowruz, '2026-04-03T08:00:00Z', TEHRAN)).toBe(false);
});

test('a day of every year that the month lacks is its last', () => {
  const only = (month: number, day: number): Condition => {
    const that = { month, day };
    return { kind: 'every_year', firstDay: that, lastDay: that };
  };
  // 29 and 30 Esfand 1403, 29 Esfand 1404.
  const esfand = ['2025-03-19T08:00:00Z', '2025-03-20T08:00:00Z', '2026-03-20T08:00:00Z', '2026-03-21T08:00:00Z'];
  expect(esfand.map((at) => holds(only(12, 30), at, TEHRAN))).toEqual([false, true, true, false]);
  const february = ['2027-02-27T08:00:00Z', '2027-02-28T08:00:00Z', '2028-02-28T08:00:00Z', '2028-02-29T08:00:00Z'];
  expect(february.map((at) => holds(only(2, 29), at))).toEqual([false, true, false, true]);
  const overTheYear: Condition = {
    kind: 'every_year',
    firstDay: { month: 12, day: 30 },
    lastDay: { month: 1, day: 2 },
  };
  expect(esfand.map((at) => holds(overTheYear, at, TEHRAN))).toEqual([false, true, true, true]);
});

test.each([
  [BERLIN, false],
  [TEHRAN, true],
] as const)('prepared trees hold when the slow and obvious ones do, in %j', (zone, persian) => {
  const programme = { ...zone, rates: [], rounding: 'floor', rules: [], matching: 'all' } as const;
  const atMs = fc.integer({ min: Date.parse('2025-01-01T00:00:00Z'), max: Date.parse('2027-01-01T00:00:00Z') });
  fc.assert(
    fc.property(
      conditions(persian),
      orderFacts,
      fc.option(customerFacts, { nil: undefined }),
      atMs,
      (condition, order, customer, ms) => {
        const event: EventFacts = { atMs: ms, order };
        const prepared = compileCondition(condition, createLocalTime(zone));
        expect(prepared(event, customer)).toBe(slowHolds(condition, programme, event, customer));
        // Whoever does not ask of the customer answers the same of anybody.
        if (!asksCustomer(condition)) expect(prepared(event, undefined)).toBe(prepared(event, ANN));
      },
    ),
    { numRuns: 1_500 },
  );
});
