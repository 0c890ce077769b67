import { type HandlerResult, on, type Subscription } from '@vafa/bus';
import {
  CustomerConsentChanged,
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  PurchaseCompleted,
  PurchaseRefunded,
  Topics,
} from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import type { Door } from '../domain/transfer.ts';
import { forgetCustomer } from '../use-cases/forget-customer.ts';
import { mergeCustomers } from '../use-cases/merge-customers.ts';
import { type Outcomes, type RecordPurchasesDeps, recordPurchases } from '../use-cases/record-purchases.ts';

export interface SubscriptionDeps extends RecordPurchasesDeps {
  countOutcomes: (outcomes: Outcomes) => void;
}

/** What the ledger hears. */
export const subscriptions = (deps: SubscriptionDeps): Subscription[] => [
  on(Topics.purchases, { handles: [PurchaseCompleted, PurchaseRefunded] }, async (tx, events, context) => {
    const { outcomes, ...result } = await recordPurchases(tx, events, context, deps);
    deps.countOutcomes(outcomes);
    return result;
  }),

  on(
    Topics.customers,
    { handles: [CustomerMerged, CustomerErased], ignores: [CustomerUpdated, CustomerConsentChanged] },
    async (tx, events, context): Promise<HandlerResult> => {
      const door: Door = `c${context.partition}`;
      const refused: NonNullable<HandlerResult['refused']> = [];
      for (const event of events) {
        try {
          if (event.type === 'customer.merged')
            await mergeCustomers(tx, { ...event.data, occurredAt: event.time }, door, context.now);
          else await forgetCustomer(tx, { ...event.data, occurredAt: event.time }, door, context.now);
        } catch (error) {
          // Only a refusal that comes before the first write may be caught here: the others' work is kept.
          if (!(error instanceof AppError) || error.code !== 'ledger.merged_elsewhere') throw error;
          refused.push({ event, error });
        }
      }
      return { refused };
    },
  ),
];
