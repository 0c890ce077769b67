import { LIFECYCLE_STATES } from '@vafa/contracts';
import fc from 'fast-check';
import type { CalendarZone } from '../domain/calendar.ts';
import type { CustomerFacts, OrderFacts } from '../domain/rules/facts.ts';
import { problemsOf } from '../domain/rules/problems.ts';
import {
  CAP_PERIODS,
  CAP_UNITS,
  type Caps,
  type Condition,
  type EarningRule,
  type Effect,
  type LineFilter,
  MATCHINGS,
  type Test,
  type Trigger,
  WEEKDAYS,
} from '../domain/rules/rule.ts';
import { activations, expiries } from './terms.fixture.ts';

/** Things to draw: few of each, so that they meet. */
const sku = fc.constantFrom('x', 'y', '__proto__');
const category = fc.constantFrom('shoes', 'gift card');
const brand = fc.constantFrom('acme', 'zeta');
const label = fc.constantFrom('new', 'sale');
const some = <Value>(value: fc.Arbitrary<Value>) => fc.uniqueArray(value, { minLength: 1, maxLength: 2 });
const optional = { requiredKeys: [] };
/** There so many times out of ten, else not given. */
const maybe = <Value>(timesOfTen: number, value: fc.Arbitrary<Value>) =>
  fc.oneof(
    { weight: timesOfTen, arbitrary: value },
    { weight: 10 - timesOfTen, arbitrary: fc.constant<undefined>(undefined) },
  );
/** The same object without what is not given. */
const given = <Fields extends object>(fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;

const lineMatch = fc.record(
  { sku: some(sku), category: some(category), brand: some(brand), label: some(label) },
  optional,
);
const lineFilter = fc
  .tuple(lineMatch, fc.option(lineMatch, { nil: undefined }))
  .map(([match, except]): LineFilter => (except === undefined ? match : { ...match, except }));

export const orderFacts: fc.Arbitrary<OrderFacts> = fc.record(
  {
    currency: fc.constantFrom('EUR', 'IRR'),
    totalMinor: fc.integer({ min: 0, max: 2_000 }),
    store: fc.constantFrom('north', 'south'),
    channel: fc.constantFrom('web', 'shop'),
    lines: fc.array(
      fc.record(
        {
          sku,
          quantity: fc.integer({ min: 1, max: 4 }),
          amountMinor: fc.integer({ min: 0, max: 900 }),
          category,
          brand,
          labels: fc.uniqueArray(label, { maxLength: 2 }),
        },
        { requiredKeys: ['sku', 'quantity', 'amountMinor'] },
      ),
      { maxLength: 4 },
    ),
  },
  { requiredKeys: ['currency', 'totalMinor', 'lines'] },
);

export const attributes = fc.dictionary(
  fc.constantFrom('age', 'city', 'toString'),
  fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom('tehran', 'yazd'), fc.boolean()),
);

export const customerFacts: fc.Arbitrary<CustomerFacts> = fc.record({
  tier: fc.constantFrom(null, 'silver', 'gold'),
  segments: fc.uniqueArray(fc.constantFrom('vip', 'lapsing', 'new'), { maxLength: 2 }),
  lifecycle: fc.constantFrom(null, ...LIFECYCLE_STATES),
  attributes,
});

const range = (most: number, names: [string, string]) =>
  fc
    .tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: most }), fc.integer({ min: 1, max: 3 }))
    .map(([a, b, which]): object => ({
      ...(which & 1 ? { [names[0]]: Math.min(a, b) } : {}),
      ...(which & 2 ? { [names[1]]: Math.max(a, b) } : {}),
    }));
const counts = (most: number) => range(most, ['atLeast', 'atMost']);
const amounts = range(2_000, ['atLeastMinor', 'atMostMinor']);
const currency = fc.constantFrom('EUR', 'IRR');
const attributeTest = fc.oneof(
  fc.record({
    name: fc.constantFrom('age', 'city', 'toString'),
    in: fc.uniqueArray(fc.constantFrom<(string | number | boolean)[]>('tehran', 3, true), { minLength: 1 }),
  }),
  counts(9).map((bounds) => ({ name: 'age', ...bounds })),
);
const monthDay = fc.record({ month: fc.integer({ min: 1, max: 12 }), day: fc.integer({ min: 1, max: 31 }) });

const tests = (persian: boolean): fc.Arbitrary<Test> => {
  const year = persian ? 1404 : 2025;
  const date = fc
    .tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
    .map(([more, month, day]) => [year + more, month, day].map((part) => String(part).padStart(2, '0')).join('-'));
  const made = <Kind extends Test['kind']>(kind: Kind, rest: fc.Arbitrary<object>) =>
    rest.map((fields) => ({ kind, ...fields }) as unknown as Test);
  return fc.oneof(
    made(
      'order_total',
      fc.tuple(currency, amounts).map(([c, a]) => ({ currency: c, ...a })),
    ),
    made('order_currency', fc.record({ in: some(currency) })),
    made('order_store', fc.record({ in: some(fc.constantFrom('north', 'south')) })),
    made('order_channel', fc.record({ in: some(fc.constantFrom('web', 'shop')) })),
    made('order_lines', counts(4)),
    made('any_line', fc.record({ lines: lineFilter })),
    made('all_lines', fc.record({ lines: lineFilter })),
    made(
      'lines_amount',
      fc.tuple(lineFilter, currency, amounts).map(([lines, c, a]) => ({ lines, currency: c, ...a })),
    ),
    made(
      'lines_quantity',
      fc.tuple(lineFilter, counts(8)).map(([lines, c]) => ({ lines, ...c })),
    ),
    made('customer_tier', fc.record({ in: some(fc.constantFrom('silver', 'gold')) })),
    made('customer_segment', fc.record({ in: some(fc.constantFrom('vip', 'lapsing', 'new')) })),
    made('customer_lifecycle', fc.record({ in: some(fc.constantFrom(...LIFECYCLE_STATES)) })),
    made('customer_attribute', attributeTest),
    made('weekday', fc.record({ in: some(fc.constantFrom(...WEEKDAYS)) })),
    made(
      'hours',
      fc.record({ fromHour: fc.integer({ min: 0, max: 23 }), untilHour: fc.integer({ min: 1, max: 24 }) }),
    ).filter((test) => test.kind === 'hours' && test.fromHour !== test.untilHour),
    made(
      'dates',
      fc.tuple(date, date).map((both) => ({ from: both.toSorted()[0], until: both.toSorted()[1] })),
    ),
    made('every_year', fc.record({ firstDay: monthDay, lastDay: monthDay })),
  );
};

/** What the interaction itself tells. */
const eventTest = attributeTest.map((rest) => ({ kind: 'event_attribute', ...rest }) as Test);

/** Trees of a few levels. */
export const conditions = (persian: boolean): fc.Arbitrary<Condition> => {
  const { tree } = fc.letrec<{ tree: Condition }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { arbitrary: tests(persian), weight: 4 },
      { arbitrary: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })), weight: 1 },
      { arbitrary: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })), weight: 1 },
      { arbitrary: tie('tree').map((not) => ({ not })), weight: 1 },
    ),
  }));
  return tree;
};

const points = fc.integer({ min: 1, max: 30 });
const multiplier = fc
  .record({
    kind: fc.constant('multiplier' as const),
    numerator: fc.integer({ min: 0, max: 40 }),
    denominator: fc.integer({ min: 1, max: 12 }),
    of: maybe(3, fc.uniqueArray(fc.constantFrom('base', 'base', 'r0', 'r1'), { minLength: 1, maxLength: 2 })),
  })
  .map(given) as fc.Arbitrary<Effect>;
const gift: fc.Arbitrary<Effect> = fc.oneof(
  fc.record({ kind: fc.constant('fixed' as const), points }),
  fc
    .record({
      kind: fc.constant('per_amount' as const),
      points,
      perMinor: fc.integer({ min: 1, max: 300 }),
      currency: fc.constantFrom('EUR', 'EUR', 'EUR', 'IRR'),
      lines: maybe(4, lineFilter),
    })
    .map(given) as fc.Arbitrary<Effect>,
  fc
    .record({
      kind: fc.constant('per_line' as const),
      points,
      each: fc.constantFrom('line' as const, 'unit' as const),
      lines: maybe(5, lineFilter),
    })
    .map(given) as fc.Arbitrary<Effect>,
);

const cap = fc.record({
  limit: fc.integer({ min: 1, max: 60 }),
  unit: fc.constantFrom(...CAP_UNITS),
  per: fc.constantFrom(...CAP_PERIODS),
});
const caps = fc
  .record({
    perOrder: maybe(5, fc.integer({ min: 1, max: 40 })),
    perCustomer: maybe(5, fc.array(cap, { minLength: 1, maxLength: 2 })),
    budget: maybe(5, fc.array(cap, { minLength: 1, maxLength: 2 })),
    beyond: fc.constantFrom('reduce' as const, 'reject' as const),
  })
  .map(given) as fc.Arbitrary<Caps>;

/** Those of the rules that have no problems, alone among themselves. */
export const withoutProblems = (
  rules: readonly EarningRule[],
  around: Parameters<typeof problemsOf>[1],
): EarningRule[] => {
  const left = [...rules];
  for (;;) {
    const bad = problemsOf(left, around).map(({ path }) => Number(path.split('/')[2]));
    if (bad.length === 0) return left;
    left.splice(bad[0] ?? 0, 1);
  }
};

/** Rules of a programme that has no problems: those that don't fit the others are left out. */
export const ruleLists = (
  zone: CalendarZone,
  options: { trigger?: Trigger; caps?: boolean; times?: boolean; terms?: boolean } = {},
): fc.Arbitrary<EarningRule[]> => {
  const { trigger = { on: 'purchase' }, caps: capped = true, times = true, terms = false } = options;
  const instant = (from: string, until: string) =>
    fc.integer({ min: Date.parse(from), max: Date.parse(until) }).map((ms) => new Date(ms).toISOString());
  const rule = fc.record({
    when:
      trigger.on === 'interaction'
        ? maybe(3, fc.oneof(eventTest, conditions(zone.calendar === 'persian')))
        : maybe(3, conditions(zone.calendar === 'persian')),
    // Only orders have what the others count.
    effect:
      trigger.on === 'purchase'
        ? fc.oneof(gift, multiplier)
        : fc.record({ kind: fc.constant('fixed' as const), points }),
    order: fc.integer({ min: 0, max: 3 }),
    stop: maybe(1, fc.boolean()),
    caps: capped ? maybe(4, caps) : fc.constant(undefined),
    startsAt: times ? maybe(1, instant('2026-01-01T00:00:00Z', '2026-06-30T00:00:00Z')) : fc.constant(undefined),
    endsAt: times ? maybe(1, instant('2026-06-30T00:00:00Z', '2026-12-31T00:00:00Z')) : fc.constant(undefined),
    expiry: terms ? maybe(2, expiries) : fc.constant(undefined),
    activation: terms ? maybe(2, activations) : fc.constant(undefined),
  });
  return fc.array(rule, { minLength: 1, maxLength: 6, size: 'max' }).map((drawn) => {
    const rules = drawn.map(
      (each, i): EarningRule => ({ id: `r${i}`, name: `rule ${i}`, trigger, ...given(each) }) as EarningRule,
    );
    return withoutProblems(rules, zone);
  });
};

export const matchings = fc.constantFrom(...MATCHINGS);

/** The same rules under other ids. */
export const renameRules = (rules: readonly EarningRule[], prefix: string): EarningRule[] =>
  rules.map((rule) => {
    const { effect } = rule;
    const of = effect.kind === 'multiplier' ? effect.of : undefined;
    const renamed = of?.map((id) => (id === 'base' ? id : `${prefix}${id}`));
    return { ...rule, id: `${prefix}${rule.id}`, effect: renamed ? ({ ...effect, of: renamed } as Effect) : effect };
  });
