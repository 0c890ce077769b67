import { expect, it } from 'vitest';
import { nothingYet } from './load/deeds.ts';
import { expectedOf } from './oracle.ts';

const occurredAt = '2026-11-21T08:00:00Z';
const purchase = (orderId: string, points: number) => ({
  customerId: 'sara',
  orderId,
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

it('adds up purchases, refunds in part and whole, and what was spent', () => {
  const done = {
    ...nothingYet(),
    purchases: [purchase('a', 50), purchase('b', 20), purchase('c', 7)],
    refunds: [refund('r1', 'a', 10), refund('r2', 'a'), refund('r3', 'b', 5)],
    captures: [{ customerId: 'sara', points: 3 }],
    interactions: [{ customerId: 'sara', eventId: 'i', occurredAt }],
  };
  expect(expectedOf(done).get('sara')).toEqual({
    ...{ earned: 77, takenBack: 55, spent: 3, points: 19 },
    ...{ orders: 2, interactions: 1, orderIds: ['a', 'b', 'c'] },
  });
});

it('counts an order as gone when parts take all of it, and takes no more than there was', () => {
  const done = {
    ...nothingYet(),
    purchases: [purchase('a', 10)],
    refunds: [refund('r1', 'a', 4), refund('r2', 'a', 6), refund('r3', 'a')],
  };
  expect(expectedOf(done).get('sara')).toMatchObject({ takenBack: 10, orders: 0, points: 0 });
});
