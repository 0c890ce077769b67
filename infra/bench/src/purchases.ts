import { type EventEnvelope, event, PurchaseCompleted } from '@vafa/contracts';
import { newId } from '@vafa/kernel';

/** Purchases of uniformly chosen customers with two lines each, some 450 bytes as JSON. */
export const makePurchases = (count: number, customers: number, time: Temporal.Instant): EventEnvelope[] =>
  Array.from({ length: count }, (_, i) => {
    const orderId = newId();
    const amount = 100_000 + ((i * 7919) % 5_000_000);
    return event(
      PurchaseCompleted,
      { id: `purchase:${orderId}`, source: '/bench', time },
      {
        customerId: `customer-${(i * 104_729) % customers}`,
        orderId,
        currency: 'IRR',
        totalMinor: amount,
        lines: [
          { sku: 'coffee-250', category: 'coffee', quantity: 1, amountMinor: Math.floor(amount / 2) },
          { sku: 'tea-500', category: 'tea', quantity: 2, amountMinor: amount - Math.floor(amount / 2) },
        ],
      },
    );
  });
