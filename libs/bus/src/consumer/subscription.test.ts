import {
  CustomerConsentChanged,
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  PurchaseCompleted,
  PurchaseRefunded,
  Topics,
} from '@vafa/contracts';
import { describe, expect, test } from 'vitest';
import { checkSubscriptions, on } from './subscription.ts';

const nothing = async (): Promise<void> => undefined;
const purchases = on(Topics.purchases, { handles: [PurchaseCompleted], ignores: [PurchaseRefunded] }, nothing);

test('a subscription names what it hears; order matters unless it says otherwise', () => {
  expect(purchases).toMatchObject({
    topic: Topics.purchases,
    handles: ['purchase.completed'],
    ignores: ['purchase.refunded'],
    order: 'key',
  });
  expect(on(Topics.purchases, { handles: [PurchaseCompleted], order: 'none' }, nothing)).toMatchObject({
    ignores: [],
    order: 'none',
  });
});

describe('a service does not start', () => {
  const problemsOf = (subscriptions: Parameters<typeof checkSubscriptions>[1]): string => {
    try {
      checkSubscriptions('vafa.shop', subscriptions);
      return 'none';
    } catch (error) {
      return (error as Error).message;
    }
  };

  test('unless every type of its topics is handled or ignored', () => {
    expect(problemsOf([purchases])).toBe('none');
    expect(problemsOf([])).toBe('none');
    const all = {
      handles: [CustomerUpdated, CustomerMerged],
      ignores: [CustomerConsentChanged, CustomerErased],
    } as const;
    expect(problemsOf([purchases, on(Topics.customers, all, nothing)])).toBe('none');
  });

  test('when types are missing: all are told at once', () => {
    const few = on(Topics.customers, { handles: [CustomerUpdated] }, nothing);
    expect(problemsOf([few])).toBe(
      "group vafa.shop can't start: customer.consent_changed on vafa.customers is neither handled nor ignored; " +
        'customer.merged on vafa.customers is neither handled nor ignored; ' +
        'customer.erased on vafa.customers is neither handled nor ignored',
    );
  });

  test('when a type is named twice, a topic is subscribed to twice, or a type is of another topic', () => {
    expect(
      problemsOf([
        on(Topics.purchases, { handles: [PurchaseCompleted, PurchaseRefunded, PurchaseCompleted] }, nothing),
      ]),
    ).toMatch(/purchase.completed on vafa.purchases is named 2 times/);
    expect(problemsOf([purchases, purchases])).toMatch(/topic vafa.purchases is subscribed to twice/);
    expect(
      problemsOf([on(Topics.purchases, { handles: [PurchaseCompleted, PurchaseRefunded, CustomerErased] }, nothing)]),
    ).toMatch(/customer.erased is no event of vafa.purchases/);
  });
});
