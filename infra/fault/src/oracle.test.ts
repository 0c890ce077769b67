import { expect, it } from 'vitest';
import { nothingYet } from './load/deeds.ts';
import { expectedOf } from './oracle.ts';

const caps = { capPoints: 120, shared: new Map<string, number>() };
const occurredAt = '2026-11-21T08:00:00Z';
const purchase = (orderId: string, points: number, category: 'coffee' | 'tea' = 'coffee') => ({
  customerId: 'sara',
  orderId,
  category,
  totalMinor: points * 10_000,
  occurredAt,
});
const refund = (refundId: string, orderId: string, points?: number) => ({
  customerId: 'sara',
  refundId,
  orderId,
  amountMinor: points === undefined ? undefined : points * 10_000,
  occurredAt,
});
const claim = (reference: string, points: number, cancelled: boolean) => ({
  ...{ customerId: 'sara', reference, claimId: reference, rewardId: 'mug', code: null },
  ...{ points, cancelled },
});

it('adds up purchases, refunds in part and whole, and what was spent', () => {
  const done = {
    ...nothingYet(),
    purchases: [purchase('a', 50), purchase('b', 20), purchase('c', 7)],
    refunds: [refund('r1', 'a', 10), refund('r2', 'a'), refund('r3', 'b', 5)],
    captures: [{ customerId: 'sara', points: 3 }],
    payments: [{ customerId: 'sara', points: 2 }],
    claims: [claim('kept', 4, false), claim('given back', 4, true)],
    interactions: [{ customerId: 'sara', eventId: 'i', occurredAt }],
  };
  expect(expectedOf(done, caps).get('sara')).toEqual({
    ...{ earned: 77, takenBack: 55, spent: 9, capped: 0, points: 13 },
    ...{ orders: 2, interactions: 1, orderIds: ['a', 'b', 'c'] },
  });
});

it('counts an order as gone when parts take all of it, and takes no more than there was', () => {
  const done = {
    ...nothingYet(),
    purchases: [purchase('a', 10)],
    refunds: [refund('r1', 'a', 4), refund('r2', 'a', 6), refund('r3', 'a')],
  };
  expect(expectedOf(done, caps).get('sara')).toMatchObject({ takenBack: 10, orders: 0, points: 0 });
});

it('gives for tea what the rules give, up to the cap, and takes back entry by entry, each rounded down', () => {
  // 15 points by the rate, and 7 each by three rules; 3 of the budget for all.
  const once = { ...nothingYet(), purchases: [purchase('a', 15, 'tea')], refunds: [refund('r1', 'a', 5)] };
  expect(expectedOf(once, { ...caps, shared: new Map([['a', 3]]) }).get('sara')).toMatchObject({
    ...{ earned: 39, capped: 7, takenBack: 5 + 2 + 2 + 2 + 1 },
  });
  // 100 and 50 would be due by the rule with a cap of 120.
  const much = { ...nothingYet(), purchases: [purchase('a', 200, 'tea'), purchase('b', 100, 'tea')] };
  expect(expectedOf(much, caps).get('sara')).toMatchObject({ capped: 120, earned: 300 + 120 + 150 + 150 });
});
