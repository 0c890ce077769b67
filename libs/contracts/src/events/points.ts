import Type, { type TSchema } from 'typebox';
import { defineEvent } from '../define-event.ts';
import { CustomerId, Id, Instant, Label, OrderId, Points, PositivePoints, payload, Reason } from '../fields.ts';
import { Topics } from '../topics.ts';

const moved = <Extra extends Record<string, TSchema>>(extra: Extra) =>
  payload({
    customerId: CustomerId,
    entryId: Id,
    points: PositivePoints,
    balanceAfter: Points,
    reason: Reason,
    ...extra,
  });

export const PointsEarned = defineEvent({
  type: 'points.earned',
  version: 1,
  topic: Topics.points,
  title: 'Points were credited',
  data: moved({
    orderId: Type.Optional(OrderId),
    ruleId: Type.Optional(Id),
    activatesAt: Type.Optional(Instant),
    expiresAt: Type.Optional(Instant),
  }),
});

export const PointsActivated = defineEvent({
  type: 'points.activated',
  version: 1,
  topic: Topics.points,
  title: 'Pending points became spendable',
  data: moved({}),
});

export const PointsRedeemed = defineEvent({
  type: 'points.redeemed',
  version: 1,
  topic: Topics.points,
  title: 'Points were spent: a reservation was captured',
  data: moved({ reservationId: Id, orderId: Type.Optional(OrderId) }),
});

export const PointsReleased = defineEvent({
  type: 'points.released',
  version: 1,
  topic: Topics.points,
  title: 'Reserved points were given back',
  data: moved({ reservationId: Id }),
});

export const PointsClawedBack = defineEvent({
  type: 'points.clawed_back',
  version: 1,
  topic: Topics.points,
  title: 'Points were taken back after a refund',
  data: moved({ refundId: Id, orderId: Type.Optional(OrderId) }),
});

export const PointsExpired = defineEvent({
  type: 'points.expired',
  version: 1,
  topic: Topics.points,
  title: 'Points expired unspent',
  data: moved({}),
});

export const PointsAdjusted = defineEvent({
  type: 'points.adjusted',
  version: 1,
  topic: Topics.points,
  title: 'Points were corrected by hand; negative takes away',
  data: payload({ customerId: CustomerId, entryId: Id, points: Points, balanceAfter: Points, reason: Reason }),
});

export const PointsExpiringSoon = defineEvent({
  type: 'points.expiring_soon',
  version: 1,
  topic: Topics.points,
  title: 'Points will expire unless spent',
  data: payload({ customerId: CustomerId, lotId: Id, points: PositivePoints, expiresAt: Instant }),
});

export const TierChanged = defineEvent({
  type: 'tier.changed',
  version: 1,
  topic: Topics.points,
  title: "A customer's tier changed",
  data: payload({
    customerId: CustomerId,
    from: Type.Optional(Label),
    to: Type.Optional(Label),
    reason: Reason,
  }),
});
