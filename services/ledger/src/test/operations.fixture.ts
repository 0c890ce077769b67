import fc from 'fast-check';
import type { Activation } from '../domain/activation.ts';
import { type Expiry, expiryAfterDays, SLIDING_ACTIVITIES } from '../domain/expiry-policy.ts';
import { ERASE_POLICIES, SPENT_POINTS } from '../domain/programme.ts';
import type { EarningRule } from '../domain/rules/rule.ts';
import { PROGRAMME } from './events.fixture.ts';
import { customerFacts, matchings, ruleLists } from './rules.fixture.ts';
import { tierStructures } from './tier-structures.fixture.ts';

export const CUSTOMERS = ['ann', 'bob', 'cid'] as const;
/** Mostly two, who meet often; the third is there so that a merge leaves two. */
const customerName = fc.constantFrom('ann' as const, 'bob' as const, 'ann' as const, 'bob' as const, 'cid' as const);
const pairOfCustomers = fc.tuple(customerName, customerName).filter(([one, other]) => one !== other);
/** How often it is told. */
const times = fc.integer({ min: 1, max: 2 });
const orderName = fc.integer({ min: 0, max: 7 }).map((n) => `o${n}`);
const refundName = fc.integer({ min: 0, max: 15 }).map((n) => `r${n}`);
const line = fc.record({
  sku: fc.constantFrom('x', 'y', '__proto__'),
  quantity: fc.integer({ min: 1, max: 4 }),
  amountMinor: fc.integer({ min: 0, max: 900 }),
});
const boughtLine = fc.record(
  {
    sku: fc.constantFrom('x', 'y', '__proto__'),
    quantity: fc.integer({ min: 1, max: 4 }),
    amountMinor: fc.integer({ min: 0, max: 900 }),
    category: fc.constantFrom('shoes', 'gift card'),
    brand: fc.constantFrom('acme', 'zeta'),
    labels: fc.subarray(['new', 'sale']),
  },
  { requiredKeys: ['sku', 'quantity', 'amountMinor'] },
);
/** Days before now at which it happened. */
const ageDays = fc.integer({ min: 0, max: 12 });

const purchaseOp = fc.record({
  kind: fc.constant('purchase' as const),
  customer: customerName,
  order: orderName,
  total: fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 7, arbitrary: fc.integer({ min: 0, max: 2_000 }) },
  ),
  more: fc.record(
    {
      lines: fc.array(boughtLine, { maxLength: 3 }),
      store: fc.constantFrom('north', 'south'),
      channel: fc.constantFrom('web', 'shop'),
    },
    { requiredKeys: ['lines'] },
  ),
  ageDays,
});
const refundOp = fc.record({
  kind: fc.constant('refund' as const),
  customer: customerName,
  refund: refundName,
  order: fc.option(orderName, { nil: undefined }),
  scope: fc.constantFrom('whole' as const, 'amount' as const, 'lines' as const),
  amount: fc.integer({ min: 1, max: 1_500 }),
  lines: fc.array(line, { minLength: 1, maxLength: 3 }),
  ageDays,
});

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('batch' as const),
      events: fc.array(fc.oneof({ weight: 3, arbitrary: purchaseOp }, { weight: 2, arbitrary: refundOp }), {
        minLength: 1,
        maxLength: 6,
      }),
      /** The whole batch comes twice. */
      twice: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      customer: customerName,
      /** undefined: all there are. */
      points: fc.option(fc.integer({ min: 1, max: 25 }), { nil: undefined }),
      ttlDays: fc.integer({ min: 1, max: 9 }),
      /** Pays for this order. */
      order: fc.option(orderName, { nil: undefined }),
    }),
  },
  {
    weight: 3,
    /** Points pay for an order, which may come before, after or never. */
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      customer: customerName,
      order: orderName,
      points: fc.integer({ min: 1, max: 12 }),
      part: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('gift' as const),
      pair: pairOfCustomers,
      points: fc.integer({ min: 1, max: 20 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('capture' as const),
      hold: fc.nat(2),
      part: fc.integer({ min: 1, max: 30 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), hold: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('adjust' as const),
      customer: customerName,
      points: fc.integer({ min: -12, max: 12 }).filter((points) => points !== 0),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      /** Now and then so many that windows of tiers end. */
      days: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 1, max: 8 }) },
        { weight: 1, arbitrary: fc.integer({ min: 20, max: 45 }) },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('visit' as const), customer: customerName, ageDays }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('grant' as const),
      customer: customerName,
      grant: fc.integer({ min: 0, max: 2 }).map((n) => `g${n}`),
      /** By a rule, where the programme has one. */
      byRule: fc.boolean(),
      points: fc.integer({ min: 1, max: 3 }),
      times,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('merge' as const), pair: pairOfCustomers, ageDays, times }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('erase' as const), customer: customerName, ageDays, times }) },
  /** A merge or an erasure is told once more. */
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retell' as const), back: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('expiry' as const),
      days: fc.constantFrom(null, 3, 15),
      /** Points don't slide any more, where they did. */
      fixed: fc.boolean(),
    }),
  },
);
export type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

/** Somebody who has points and holds some of them, owes some, or waits for an order to be refunded, leaves. */
const leaving = fc
  .record({
    purchase: purchaseOp,
    refund: refundOp,
    other: customerName,
    total: fc.integer({ min: 300, max: 2_000 }),
    points: fc.integer({ min: 1, max: 3 }),
    stands: fc.constantFrom('holds' as const, 'owes' as const, 'waits' as const),
    ends: fc.constantFrom('gives' as const, 'takes' as const, 'erased' as const),
    ...{ ageDays, times },
  })
  .filter(({ purchase, other }) => purchase.customer !== other)
  .map(({ purchase, refund, other, total, points, stands, ends, ageDays: age, times: often }): Operation[] => {
    const { customer, order } = purchase;
    const batch = (event: typeof purchase | typeof refund): Operation => ({
      ...{ kind: 'batch', events: [event], twice: false },
    });
    const reserve = (many?: number): Operation => ({
      ...{ kind: 'reserve', customer, points: many, ttlDays: 9, order: undefined },
    });
    const between = {
      holds: [reserve(points)],
      owes: [
        reserve(),
        { kind: 'capture' as const, hold: 0, part: 1_000 },
        batch({ ...refund, customer, order, scope: 'whole', ageDays: 0 }),
      ],
      waits: [batch({ ...refund, customer })],
    };
    const end = {
      gives: {
        kind: 'merge' as const,
        pair: [customer, other] as [typeof other, typeof other],
        ageDays: age,
        times: often,
      },
      takes: {
        kind: 'merge' as const,
        pair: [other, customer] as [typeof other, typeof other],
        ageDays: age,
        times: often,
      },
      erased: { kind: 'erase' as const, customer, ageDays: age, times: often },
    };
    return [batch({ ...purchase, total, ageDays: 0 }), ...between[stands], end[ends]];
  });

const zone = { calendar: 'gregorian' as const, timeZone: PROGRAMME.timeZone };
/** Rules for grants have ids of their own. */
const grantRules = fc
  .oneof(fc.constant<EarningRule[]>([]), ruleLists(zone, { trigger: { on: 'manual_grant' } }))
  .map((rules) => rules.slice(0, 1).map((rule): EarningRule => ({ ...rule, id: 'grants', order: 0 })));

export const scenario = fc.record({
  policy: fc.constantFrom(
    ...['allow_negative' as const, 'allow_negative' as const, 'within_balance' as const, 'only_pending' as const],
  ),
  spentPoints: fc.constantFrom(...SPENT_POINTS),
  /** Hours after a purchase at which its points become spendable; 0 = at once. */
  waitHours: fc.constantFrom(0, 0, 30, 200),
  /** Days after which points expire at first. */
  expiryDays: fc.constantFrom(null, 3, 6),
  /** What keeps points alive; null = nothing does. */
  sliding: fc.option(
    fc
      .record({ activities: fc.subarray([...SLIDING_ACTIVITIES]), visits: fc.boolean() })
      .filter(({ activities, visits }) => visits || activities.length > 0),
    { freq: 2 },
  ),
  tiers: fc.option(tierStructures, { freq: 2 }),
  rules: fc
    .tuple(fc.oneof(fc.constant<EarningRule[]>([]), ruleLists(zone)), grantRules)
    .map(([rules, forGrants]) => [...rules, ...forGrants]),
  matching: matchings,
  facts: fc.record({
    ann: fc.option(customerFacts),
    bob: fc.option(customerFacts),
    cid: fc.option(customerFacts),
  }),
  onErase: fc.constantFrom(...ERASE_POLICIES),
  operations: fc
    .array(
      fc.oneof(
        { weight: 20, arbitrary: operation.map((each): Operation[] => [each]) },
        { weight: 2, arbitrary: leaving },
      ),
      { minLength: 1, maxLength: 25, size: 'medium' },
    )
    .map((steps) => steps.flat()),
});
export type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

/** The programme's own way of saying how long points wait. */
export const activationOf = (waitHours: number): Activation =>
  waitHours === 0 ? { kind: 'immediate' } : { kind: 'after', amount: waitHours, unit: 'hours' };

/** Type of the interactions that customers of the operations have. */
export const VISIT = 'store.visited';

/** The programme's own way of saying for how long points last. */
export const expiryPolicy = (days: number | null, sliding: Scenario['sliding']): Expiry =>
  days === null || sliding === null
    ? expiryAfterDays(days)
    : {
        ...{ kind: 'sliding', amount: days, unit: 'days', activities: sliding.activities },
        interactionTypes: sliding.visits ? [VISIT] : [],
      };
