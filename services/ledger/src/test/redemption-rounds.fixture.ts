import fc from 'fast-check';
import type { Expiry } from '../domain/expiry-policy.ts';
import { SPENT_POINTS } from '../domain/programme.ts';
import type { Deed } from '../use-cases/redemptions.ts';

const ORDERS = 5;

/** Two who buy, one who may have been merged into the first, and one whom nobody knows. */
const customer = fc.constantFrom('ann', 'ann', 'bob', 'bob', 'cid', 'nobody');
/** Mostly one of the first two: those of ann and of bob. */
const order = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 1 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: ORDERS - 1 }) },
);
const paidOrder = fc.option(order, { nil: undefined, freq: 3 });
const ttlHours = fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined });
/** Which of the reservations that were made in earlier rounds. */
const held = fc.nat(60);

const drawnDeed = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      ...{ customer, order: paidOrder, ttlHours, points: fc.integer({ min: 1, max: 12 }) },
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      ...{ customer, order: paidOrder, ttlHours, amountMinor: fc.integer({ min: 1, max: 20 }) },
      currency: fc.constantFrom('EUR', 'EUR', 'EUR', 'IRR'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('capture' as const),
      ...{ held, points: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined, freq: 1 }) },
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('capture_payment' as const),
      ...{ held, amountMinor: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined, freq: 1 }) },
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), held }) },
);
export type DrawnDeed = typeof drawnDeed extends fc.Arbitrary<infer Drawn> ? Drawn : never;

const SLIDING: Expiry = { kind: 'sliding', amount: 2, unit: 'days', activities: ['redemption'], interactionTypes: [] };
const ROLLING: Expiry = { kind: 'rolling', amount: 2, unit: 'days' };

/** A programme, what was bought and refunded before, and what is asked for in rounds some hours apart. */
export const redemptionRounds = fc.record({
  expiry: fc.constantFrom(SLIDING, SLIDING, ROLLING, null),
  spentPoints: fc.constantFrom(...SPENT_POINTS, 'proportional' as const),
  waitHours: fc.constantFrom(0, 0, 30),
  merged: fc.boolean(),
  /** Of ann and bob in turn. */
  purchases: fc.array(
    fc.record({ agoHours: fc.integer({ min: 0, max: 80 }), minor: fc.constantFrom(0, 1_000, 2_500, 5_000) }),
    { minLength: 2, maxLength: ORDERS, size: 'max' },
  ),
  refunds: fc.array(
    fc.record({
      order,
      minor: fc.option(fc.integer({ min: 1, max: 900 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  rounds: fc.array(
    fc.record({
      hours: fc.integer({ min: 0, max: 20 }),
      deeds: fc.array(drawnDeed, { minLength: 1, maxLength: 14, size: 'max' }),
    }),
    { minLength: 2, maxLength: 5 },
  ),
});

const MISSING = '01890000-0000-7000-8000-000000000000';

/** A drawn deed with the names of a world; `reservations` are those it has made, undefined where it was refused. */
export const deedOf = (drawn: DrawnDeed, world: string, reservations: readonly (string | undefined)[]): Deed => {
  if ('held' in drawn) {
    const { held: which, ...rest } = drawn;
    const reservationId = reservations[which % Math.max(1, reservations.length)] ?? MISSING;
    return JSON.parse(JSON.stringify({ ...rest, reservationId }));
  }
  const { customer: name, order: number, ttlHours: hours, ...rest } = drawn;
  return JSON.parse(
    JSON.stringify({
      ...{ ...rest, customerId: world + name },
      orderId: number === undefined ? undefined : `${world}order-${number}`,
      ttlSeconds: hours === undefined ? undefined : hours * 3_600,
    }),
  );
};
