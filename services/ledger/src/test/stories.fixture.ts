import fc from 'fast-check';
import {
  adjustOp,
  ageDays,
  askOp,
  customerName,
  decideOp,
  grantOp,
  joinOp,
  type Operation,
  pairOfCustomers,
  purchaseOp,
  refundOp,
  times,
  visitOp,
} from './operations.fixture.ts';

/** Somebody who has points and holds some of them, owes some, or waits for an order to be refunded, leaves. */
export const leaving = fc
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

/**
 * Somebody returns what was bought before, without saying where it was bought, and the purchase is told after that: at once, some days
 * later, or when she has become another or nobody.
 */
export const returningEarly = fc
  .record({
    purchase: purchaseOp,
    earlier: fc.option(purchaseOp),
    refund: refundOp.filter(({ scope }) => scope !== 'whole'),
    pair: pairOfCustomers,
    total: fc.integer({ min: 300, max: 2_000 }),
    meanwhile: fc.constantFrom(
      ...(['nothing', 'nothing', 'together', 'time', 'holds', 'gives', 'takes', 'erased'] as const),
    ),
    days: fc.integer({ min: 1, max: 8 }),
    buyer: fc.constantFrom(0 as const, 0 as const, 1 as const),
  })
  .map(({ purchase, earlier, refund, pair, total, meanwhile, days, buyer }): Operation[] => {
    const [customer] = pair;
    const returned = { ...refund, customer, order: undefined, ageDays: 0 };
    const bought = { ...purchase, customer: pair[buyer], total, ageDays: days + 1 };
    const batch = (...events: Extract<Operation, { kind: 'batch' }>['events']): Operation => ({
      ...{ kind: 'batch', events, twice: false },
    });
    const before = earlier ? [batch({ ...earlier, customer, ageDays: 1 })] : [];
    if (meanwhile === 'together') return [...before, batch(returned, bought)];
    const between: Record<typeof meanwhile, Operation[]> = {
      nothing: [],
      time: [{ kind: 'advance', days }],
      holds: [{ kind: 'reserve', customer, points: undefined, ttlDays: 9, order: undefined }],
      gives: [{ kind: 'merge', pair, ageDays: 0, times: 1 }],
      takes: [{ kind: 'merge', pair: [pair[1], customer] as typeof pair, ageDays: 0, times: 1 }],
      erased: [{ kind: 'erase', customer, ageDays: 0, times: 1 }],
    };
    return [...before, batch(returned), ...between[meanwhile], batch(bought)];
  });

/** A correction above the limit is asked for, something happens meanwhile, and it is decided on, once or twice. */
export const correcting = fc
  .record({
    ask: askOp,
    pair: pairOfCustomers,
    meanwhile: fc.constantFrom('nothing' as const, 'time' as const, 'merged' as const, 'erased' as const),
    days: fc.constantFrom(6, 7),
    decisions: fc.array(decideOp, { minLength: 1, maxLength: 3 }),
  })
  .map(({ ask, pair, meanwhile, days, decisions }): Operation[] => {
    const [customer] = pair;
    const between: Record<typeof meanwhile, Operation[]> = {
      nothing: [],
      time: [{ kind: 'advance', days }],
      merged: [{ kind: 'merge', pair, ageDays: 0, times: 1 }],
      erased: [{ kind: 'erase', customer, ageDays: 0, times: 1 }],
    };
    return [{ ...ask, customer }, ...between[meanwhile], ...decisions.map((each) => ({ ...each, back: 0 }))];
  });

/** Somebody reaches a tier and is not seen until it may be lost; no sweep comes by before she is back. */
export const fallingBack = fc
  .record({
    purchase: purchaseOp,
    total: fc.integer({ min: 1_200, max: 4_000 }),
    days: fc.integer({ min: 28, max: 100 }),
    back: fc.oneof(purchaseOp, visitOp, joinOp, grantOp, adjustOp),
    age: fc.constantFrom(0, 0, 5),
  })
  .map(({ purchase, total, days, back, age }): Operation[] => {
    const batch = (event: typeof purchase): Operation => ({ kind: 'batch', events: [event], twice: false });
    const { customer } = purchase;
    const isBack = { ...back, customer, ...('ageDays' in back ? { ageDays: age } : {}) };
    return [
      batch({ ...purchase, total, ageDays: 0 }),
      { kind: 'advance', days },
      isBack.kind === 'purchase' ? batch(isBack) : isBack,
    ];
  });
