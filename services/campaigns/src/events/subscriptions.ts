import { type HandlerContext, on, type Subscription, type Tx } from '@vafa/bus';
import {
  CustomerConsentChanged,
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  type EventOf,
  InteractionRecorded,
  LifecycleChanged,
  MessageClicked,
  MessageDelivered,
  MessageFailed,
  MessageOpened,
  MessageSent,
  MessageSuppressed,
  MessageUnsubscribed,
  PointsActivated,
  PointsAdjusted,
  PointsClawedBack,
  PointsEarned,
  PointsExpired,
  PointsExpiringSoon,
  PointsRedeemed,
  PointsReleased,
  PurchaseCompleted,
  PurchaseRefunded,
  SegmentEntered,
  SegmentLeft,
  TierChanged,
  Topics,
} from '@vafa/contracts';
import { createActiveCampaigns } from '../use-cases/active-campaigns.ts';
import { countOutcomes } from '../use-cases/count-outcomes.ts';
import { followCustomers } from '../use-cases/follow-customers.ts';
import { followLifecycle } from '../use-cases/follow-lifecycle.ts';
import { triggerCampaigns } from '../use-cases/trigger-campaigns.ts';
import { toOccurrence } from './occurrences.ts';

const DAY_MS = 86_400_000;

/** What campaigns hears: triggers, customers, and what became of its messages. */
export const subscriptions = (settings: { keepExpiredDays: number }): Subscription[] => {
  const activeCampaigns = createActiveCampaigns();

  const trigger = async (
    tx: Tx,
    events: readonly Parameters<typeof toOccurrence>[0][],
    { now, partition }: HandlerContext,
  ): Promise<void> => {
    const index = await activeCampaigns(tx);
    // Only events that a campaign waits for are looked into: all others cost nothing.
    const occurrences = events.filter(({ type }) => index.has(type)).map(toOccurrence);
    await triggerCampaigns(tx, index, occurrences, {
      now,
      keepExpiredMs: settings.keepExpiredDays * DAY_MS,
      shard: partition,
    });
  };

  return [
    on(Topics.purchases, { handles: [PurchaseCompleted], ignores: [PurchaseRefunded] }, trigger),
    on(Topics.interactions, { handles: [InteractionRecorded] }, trigger),
    on(
      Topics.points,
      {
        handles: [PointsEarned, PointsRedeemed, PointsExpired, PointsExpiringSoon, TierChanged],
        ignores: [PointsActivated, PointsReleased, PointsClawedBack, PointsAdjusted],
      },
      trigger,
    ),
    on(
      Topics.segments,
      { handles: [LifecycleChanged], ignores: [SegmentEntered, SegmentLeft] },
      async (tx: Tx, events: readonly EventOf<typeof LifecycleChanged>[], context) => {
        await followLifecycle(tx, events);
        await trigger(tx, events, context);
      },
    ),
    on(
      Topics.customers,
      { handles: [CustomerUpdated, CustomerMerged, CustomerErased], ignores: [CustomerConsentChanged] },
      (tx, events) => followCustomers(tx, events),
    ),
    on(
      Topics.messages,
      {
        handles: [
          MessageSent,
          MessageDelivered,
          MessageFailed,
          MessageSuppressed,
          MessageOpened,
          MessageClicked,
          MessageUnsubscribed,
        ],
      },
      (tx, events, { partition }) => countOutcomes(tx, events, partition),
    ),
  ];
};
