import { type HandlerResult, on, type Subscription } from '@vafa/bus';
import {
  CustomerConsentChanged,
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  type EventOf,
  InteractionRecorded,
  LifecycleChanged,
  PurchaseCompleted,
  PurchaseRefunded,
  SegmentEntered,
  SegmentLeft,
  Topics,
} from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import type { Door } from '../domain/transfer.ts';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import type { RefundSettings } from '../use-cases/decide-steps.ts';
import { findStandings } from '../use-cases/find-standings.ts';
import { forgetCustomer } from '../use-cases/forget-customer.ts';
import { lockLeaving } from '../use-cases/lock-leaving.ts';
import { mergeCustomers } from '../use-cases/merge-customers.ts';
import { recordInteractions } from '../use-cases/record-interactions.ts';
import { recordMemberships } from '../use-cases/record-memberships.ts';
import { recordProfiles } from '../use-cases/record-profiles.ts';
import { type Outcomes, recordPurchases } from '../use-cases/record-purchases.ts';

export interface SubscriptionDeps {
  currentRules: CurrentRules;
  refunds: RefundSettings;
  countOutcomes: (outcomes: Outcomes) => void;
}

/** What the ledger hears. */
export const subscriptions = (deps: SubscriptionDeps): Subscription[] => [
  on(
    Topics.purchases,
    {
      handles: [PurchaseCompleted, PurchaseRefunded],
      keepsPlans: true,
      prepare: (tx, events) => findStandings(tx, events, deps),
    },
    async (tx, events, context, standings) => {
      const { outcomes, ...result } = await recordPurchases(tx, events, context, standings, deps);
      deps.countOutcomes(outcomes);
      return result;
    },
  ),

  on(
    Topics.customers,
    { handles: [CustomerMerged, CustomerErased, CustomerUpdated], ignores: [CustomerConsentChanged] },
    async (tx, events, context): Promise<HandlerResult> => {
      const door: Door = `c${context.partition}`;
      const refused: NonNullable<HandlerResult['refused']> = [];
      await lockLeaving(tx, events);
      // Written together, but before a customer is merged or erased: nothing is known of it after that.
      const updates: EventOf<typeof CustomerUpdated>[] = [];
      const recordUpdates = () => recordProfiles(tx, updates.splice(0), context.now, deps);
      for (const event of events) {
        if (event.type === 'customer.updated') {
          updates.push(event);
          continue;
        }
        await recordUpdates();
        try {
          if (event.type === 'customer.merged')
            await mergeCustomers(tx, { ...event.data, occurredAt: event.time }, door, context.now, deps);
          else await forgetCustomer(tx, { ...event.data, occurredAt: event.time }, door, context.now, deps);
        } catch (error) {
          // Only a refusal that comes before the first write may be caught here: the others' work is kept.
          if (!(error instanceof AppError) || error.code !== 'ledger.merged_elsewhere') throw error;
          refused.push({ event, error });
        }
      }
      await recordUpdates();
      return { refused };
    },
  ),

  on(Topics.interactions, { handles: [InteractionRecorded] }, (tx, events, context) =>
    recordInteractions(tx, events, context, deps),
  ),

  on(Topics.segments, { handles: [LifecycleChanged, SegmentEntered, SegmentLeft] }, (tx, events, context) =>
    recordMemberships(tx, events, context, deps),
  ),
];
