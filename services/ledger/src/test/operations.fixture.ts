import { LIFECYCLE_STATES, type LifecycleState } from '@vafa/contracts';
import fc from 'fast-check';
import { CLAIMABLE } from './claims.fixture.ts';
import { attributes } from './rules.fixture.ts';
import { expiries, SURVEY, VISIT } from './terms.fixture.ts';

export const CUSTOMERS = ['ann', 'bob', 'cid'] as const;
/** Mostly two, who meet often; the third is there so that a merge leaves two. */
export const customerName = fc.constantFrom(
  'ann' as const,
  'bob' as const,
  'ann' as const,
  'bob' as const,
  'cid' as const,
);
export const pairOfCustomers = fc.tuple(customerName, customerName).filter(([one, other]) => one !== other);
/** Corrections of more points need a second person. */
export const APPROVAL_ABOVE = 12;
/** How often it is told. */
export const times = fc.integer({ min: 1, max: 2 });
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
export const ageDays = fc.integer({ min: 0, max: 12 });

export const purchaseOp = fc.record({
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
export const refundOp = fc.record({
  kind: fc.constant('refund' as const),
  customer: customerName,
  refund: refundName,
  order: fc.option(orderName, { nil: undefined }),
  scope: fc.constantFrom('whole' as const, 'amount' as const, 'lines' as const),
  amount: fc.integer({ min: 1, max: 1_500 }),
  lines: fc.array(line, { minLength: 1, maxLength: 3 }),
  ageDays,
});

/** A correction above the limit (`APPROVAL_ABOVE`). */
export const askOp = fc.record({
  kind: fc.constant('ask' as const),
  customer: customerName,
  points: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 13, max: 25 }) },
    { weight: 1, arbitrary: fc.integer({ min: -25, max: -13 }) },
  ),
});
export const decideOp = fc.record({
  kind: fc.constant('decide' as const),
  back: fc.nat(1),
  approves: fc.constantFrom(true, true, false),
  who: fc.constantFrom('another' as const, 'another' as const, 'another' as const, 'asker' as const),
});

/** Where a customer stands with the segments, as it changes. */
export type Change = { segment: string; enters: boolean } | { lifecycle: LifecycleState };
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ segment: fc.constantFrom('vip', 'vip', 'lapsing', 'new'), enters: fc.constantFrom(true, true, false) }),
  fc.record({ lifecycle: fc.constantFrom(...LIFECYCLE_STATES, 'won_back' as const) }),
);

export const visitOp = fc.record({
  kind: fc.constant('visit' as const),
  customer: customerName,
  type: fc.constantFrom(VISIT, VISIT, SURVEY),
  attributes,
  /** It is about this order. */
  about: fc.option(orderName, { nil: undefined, freq: 2 }),
  ageDays: fc.oneof(fc.constant(0), ageDays),
  times,
});
export const joinOp = fc.record({
  kind: fc.constant('join' as const),
  customer: customerName,
  change,
  ageDays: fc.oneof(fc.constant(0), ageDays),
  times,
});
export const grantOp = fc.record({
  kind: fc.constant('grant' as const),
  customer: customerName,
  grant: fc.integer({ min: 0, max: 2 }).map((n) => `g${n}`),
  /** By a rule, where the programme has one. */
  byRule: fc.boolean(),
  points: fc.integer({ min: 1, max: 3 }),
  times,
});
export const adjustOp = fc.record({
  kind: fc.constant('adjust' as const),
  customer: customerName,
  points: fc.integer({ min: -12, max: 12 }).filter((points) => points !== 0),
});

export const operation = fc.oneof(
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
  { weight: 1, arbitrary: adjustOp },
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
  { weight: 2, arbitrary: visitOp },
  { weight: 2, arbitrary: joinOp },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
  { weight: 1, arbitrary: grantOp },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      customer: customerName,
      reward: fc.nat(CLAIMABLE.length - 1),
      reference: fc.constantFrom(undefined, undefined, 'c0', 'c1'),
      times,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), back: fc.nat(2) }) },
  { weight: 1, arbitrary: askOp },
  { weight: 1, arbitrary: decideOp },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('merge' as const), pair: pairOfCustomers, ageDays, times }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('erase' as const), customer: customerName, ageDays, times }) },
  /** A merge, an erasure or what a customer did is told once more. */
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retell' as const), back: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('expiry' as const),
      policy: expiries,
      /** Points don't slide any more, where they did. */
      fixed: fc.boolean(),
    }),
  },
);
export type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;
