import type {
  EventEnvelope,
  EventOf,
  InteractionRecorded,
  LifecycleChanged,
  PointsEarned,
  PointsExpired,
  PointsExpiringSoon,
  PointsRedeemed,
  PurchaseCompleted,
  TierChanged,
} from '@vafa/contracts';
import { idFrom } from '@vafa/kernel';
import type { TracedOccurrence } from '../use-cases/trigger-campaigns.ts';

type Triggering = EventOf<
  | typeof PurchaseCompleted
  | typeof InteractionRecorded
  | typeof PointsEarned
  | typeof PointsRedeemed
  | typeof PointsExpired
  | typeof PointsExpiringSoon
  | typeof TierChanged
  | typeof LifecycleChanged
>;

/**
 * What makes a happening the same however often, and under whatever event id, it is told: the order, the points entry, the
 * lot. What has no natural key has the event's own id, which is unique within its source.
 */
const triggerKeyOf = (event: Triggering): string => {
  switch (event.type) {
    case 'purchase.completed':
      return `order:${event.data.orderId}`;
    case 'points.earned':
    case 'points.redeemed':
    case 'points.expired':
      return `entry:${event.data.entryId}`;
    case 'points.expiring_soon':
      return `lot:${event.data.lotId}`;
    default:
      return `event:${idFrom(event.source, event.id)}`;
  }
};

/** An event as the campaigns see it. */
export const toOccurrence = (event: Triggering): TracedOccurrence => ({
  type: event.type,
  triggerKey: triggerKeyOf(event),
  customerId: event.data.customerId,
  atMs: Temporal.Instant.from(event.time).epochMilliseconds,
  data: event.data,
  traceparent: (event as EventEnvelope).traceparent,
});
