import { on, type Subscription } from '@vafa/bus';
import {
  CustomerConsentChanged,
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  InteractionRecorded,
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
  TierChanged,
  Topics,
} from '@vafa/contracts';
import { followCustomers } from '../use-cases/follow-customers.ts';
import { followInteractions } from '../use-cases/follow-interactions.ts';
import { followPoints } from '../use-cases/follow-points.ts';
import { followPurchases } from '../use-cases/follow-purchases.ts';
import { createLiveDefinitions } from '../use-cases/live-definitions.ts';

/** What reminders hears: what sets timers, what cancels them, and where customers' clocks stand. */
export const subscriptions = ({ defaultTimeZone }: { defaultTimeZone: string }): Subscription[] => {
  const deps = { definitions: createLiveDefinitions(), defaultTimeZone };
  return [
    on(Topics.purchases, { handles: [PurchaseCompleted, PurchaseRefunded] }, (tx, events, context) =>
      followPurchases(tx, events, deps, context),
    ),
    on(Topics.interactions, { handles: [InteractionRecorded] }, followInteractions),
    on(
      Topics.points,
      {
        handles: [PointsEarned, PointsRedeemed, PointsExpiringSoon],
        ignores: [PointsActivated, PointsReleased, PointsClawedBack, PointsExpired, PointsAdjusted, TierChanged],
      },
      (tx, events, context) => followPoints(tx, events, deps, context),
    ),
    on(
      Topics.customers,
      { handles: [CustomerUpdated, CustomerMerged, CustomerErased], ignores: [CustomerConsentChanged] },
      (tx, events, context) => followCustomers(tx, events, defaultTimeZone, context),
    ),
  ];
};
