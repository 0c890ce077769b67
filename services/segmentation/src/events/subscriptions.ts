import { on, type Subscription } from '@vafa/bus';
import {
  CustomerConsentChanged,
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  InteractionRecorded,
  PurchaseCompleted,
  PurchaseRefunded,
  Topics,
} from '@vafa/contracts';
import type { SegmentationSettings } from '../settings.ts';
import { recordCustomers } from '../use-cases/record-customers.ts';
import { recordInteractions } from '../use-cases/record-interactions.ts';
import { recordPurchases } from '../use-cases/record-purchases.ts';

/** What segmentation hears. */
export const subscriptions = (settings: SegmentationSettings): Subscription[] => {
  const lookBackOrders = settings.SEGMENTATION_LOOK_BACK_ORDERS;
  return [
    on(Topics.purchases, { handles: [PurchaseCompleted, PurchaseRefunded] }, (tx, events) =>
      recordPurchases(tx, events, { lookBackOrders }),
    ),
    // Only adds, so nothing of it ever waits.
    on(Topics.interactions, { handles: [InteractionRecorded], order: 'none' }, (tx, events, { now }) =>
      recordInteractions(tx, events, now),
    ),
    on(
      Topics.customers,
      { handles: [CustomerUpdated, CustomerMerged, CustomerErased], ignores: [CustomerConsentChanged] },
      (tx, events) => recordCustomers(tx, events, lookBackOrders),
    ),
  ];
};
