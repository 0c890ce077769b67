import { on, type Subscription } from '@vafa/bus';
import {
  CustomerConsentChanged,
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  MessageRequested,
  Topics,
} from '@vafa/contracts';
import { type MessagingContext, partsOf } from '../parts.ts';
import { acceptRequests } from '../use-cases/accept-requests.ts';
import { applyCustomerEvents } from '../use-cases/apply-customer-events.ts';
import { currentPolicy } from '../use-cases/current-policy.ts';

/** What messaging hears. */
export const subscriptions = (context: MessagingContext): Subscription[] => {
  const parts = partsOf(context);
  const defaultTimeZone = context.config.MESSAGING_DEFAULT_TIME_ZONE;
  return [
    on(
      Topics.customers,
      { handles: [CustomerUpdated, CustomerConsentChanged, CustomerMerged, CustomerErased] },
      (tx, events, { now }) => applyCustomerEvents(tx, events, now),
    ),
    on(Topics.messageRequests, { handles: [MessageRequested] }, async (tx, events, { now }) => {
      const policy = await currentPolicy(tx, parts.defaultPolicy);
      return acceptRequests(tx, events, { policy, defaultTimeZone }, now);
    }),
  ];
};
