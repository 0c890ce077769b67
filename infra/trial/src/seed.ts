import type { Api } from './api.ts';

/** A programme, a template and a campaign that answers every purchase with one transactional SMS; customers with phones. */
export const seedTrial = async (api: Api, customers: readonly { id: string; phone: string }[]): Promise<void> => {
  await api.call('ledger', 'PUT', '/v1/programme', {
    name: 'Trial',
    rates: [{ currency: 'IRR', points: 1, perMinor: 10_000 }],
    rounding: 'floor',
    expiresAfterDays: 365,
    expiringSoonDays: 30,
    reservationTtlSeconds: 900,
    returnPolicy: 'allow_negative',
    timeZone: 'Asia/Tehran',
  });
  await api.call('messaging', 'PUT', '/v1/templates/thanks/sms/fa', { body: 'سپاس {{ customerId }} {{ orderId }}' });
  await api.call('campaigns', 'POST', '/v1/campaigns', {
    id: 'thanks',
    name: 'Thanks for each purchase',
    purpose: 'transactional',
    messages: [{ channel: 'sms', templateId: 'thanks' }],
    trigger: { kind: 'event', eventType: 'purchase.completed' },
    frequency: 'every_time',
    timeToLive: 'P1D',
  });
  await api.call('campaigns', 'POST', '/v1/campaigns/thanks/activate');
  for (let i = 0; i < customers.length; i += 20)
    await Promise.all(
      customers
        .slice(i, i + 20)
        .map(({ id, phone }) => api.call('gateway', 'PUT', `/v1/customers/${id}`, { phone, locale: 'fa' })),
    );
};

/** Customers of a trial: `<prefix>-0` … with Iranian mobile numbers. */
export const trialCustomers = (prefix: string, count: number): { id: string; phone: string }[] =>
  Array.from({ length: count }, (_, i) => ({ id: `${prefix}-${i}`, phone: `+98912${String(1_000_000 + i)}` }));
