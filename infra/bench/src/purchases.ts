import { type EventEnvelope, event, PurchaseCompleted } from '@vafa/contracts';
import { newId } from '@vafa/kernel';

/**
 * Purchases of uniformly chosen customers with two lines each, some 450 bytes as JSON.
 * @param from how many were made before: the same customers come again only once all had their turn
 */
export const makePurchases = (count: number, customers: number, time: Temporal.Instant, from = 0): EventEnvelope[] =>
  Array.from({ length: count }, (_, each) => {
    const i = from + each;
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
