import {
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  type EventEnvelope,
  event,
  InteractionRecorded,
  MessageRequested,
  PointsExpiringSoon,
  PointsRedeemed,
  PurchaseCompleted,
  PurchaseRefunded,
  Topics,
} from '@vafa/contracts';
import type { Harness } from '@vafa/testing';
import { expect } from 'vitest';

/** 11:30 in Tehran. */
export const NOW = '2026-11-21T08:00:00Z';
let counter = 0;

const fields = (time: string, id?: string) => ({ id: id ?? `e${++counter}`, source: '/shop', time });

export const bought = (
  customerId: string,
  orderId: string,
  more: { time?: string; id?: string; categories?: (string | undefined)[] } = {},
) =>
  event(PurchaseCompleted, fields(more.time ?? NOW, more.id), {
    customerId,
    orderId,
    currency: 'IRR',
    totalMinor: 1_000,
    lines: (more.categories ?? ['coffee']).map((category, i) => ({
      sku: `sku-${i}`,
      quantity: 1,
      amountMinor: 1_000,
      name: 'Arabica 250 g',
      ...(category === undefined ? {} : { category }),
    })),
  });

export const refunded = (customerId: string, orderId: string, time = NOW) =>
  event(PurchaseRefunded, fields(time), {
    customerId,
    orderId,
    refundId: `r-${orderId}`,
    scope: 'whole',
    currency: 'IRR',
  });
export const partlyRefunded = (customerId: string, orderId: string) =>
  event(PurchaseRefunded, fields(NOW), {
    customerId,
    orderId,
    refundId: `p-${orderId}`,
    scope: 'amount',
    amountMinor: 10,
    currency: 'IRR',
  });
export const expiringSoon = (customerId: string, lotId: string, expiresAt: string, time = NOW) =>
  event(PointsExpiringSoon, fields(time), { customerId, lotId, points: 120, expiresAt });
export const redeemed = (customerId: string, time = NOW) =>
  event(PointsRedeemed, fields(time), {
    customerId,
    entryId: `entry-${++counter}`,
    points: 10,
    balanceAfter: 0,
    reason: 'test',
    reservationId: 'r1',
  });
export const interaction = (customerId: string, time = NOW) =>
  event(InteractionRecorded, fields(time), { customerId, interactionType: 'app.opened' });
export const zone = (customerId: string, timeZone: string | undefined, time = NOW) =>
  event(CustomerUpdated, fields(time), { customerId, ...(timeZone === undefined ? {} : { timeZone }) });
export const merged = (customerId: string, intoCustomerId: string, time = NOW) =>
  event(CustomerMerged, fields(time), { customerId, intoCustomerId });
export const erased = (customerId: string, time = NOW) => event(CustomerErased, fields(time), { customerId });

const sample = (data: Parameters<typeof event<typeof MessageRequested>>[2]) =>
  event(MessageRequested, fields(NOW), data);

/** Every message that was asked for so far, each once, or the test fails. */
export const requests = async (h: Harness): Promise<ReturnType<typeof sample>[]> => {
  const all = (await h.events(Topics.messageRequests)) as ReturnType<typeof sample>[];
  const ids = all.map(({ data }) => data.requestId);
  expect(new Set(ids).size).toBe(ids.length);
  return all;
};

/** Who was asked for and about what, in a fixed order. */
export const asked = async (h: Harness): Promise<string[]> =>
  (await requests(h)).map(({ subject, data }) => `${subject} ${data.cause.triggerId}`).sort();

export const COFFEE = {
  id: 'coffee',
  kind: 'replenishment',
  name: 'Coffee again',
  purpose: 'promotional',
  category: 'coffee',
  afterDays: 30,
  messages: [{ channel: 'sms', templateId: 'coffee-again' }],
};
export const EXPIRING = {
  id: 'expiring',
  kind: 'points_expiring',
  name: 'Points expire',
  purpose: 'service',
  messages: [{ channel: 'sms', templateId: 'points-expire' }],
};

/** Calls the service's HTTP door and expects the status. */
export const call = async (
  h: Harness,
  status: number,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  payload?: unknown,
  headers?: Record<string, string>,
) => {
  const answer = await h.http('reminders').inject({ method, url, payload, ...(headers ? { headers } : {}) });
  expect(answer.statusCode, answer.body).toBe(status);
  return answer.json();
};

export const define = (h: Harness, definition: object) => call(h, 201, 'POST', '/v1/reminder-definitions', definition);
export const counts = (h: Harness, id: string) => call(h, 200, 'GET', `/v1/reminder-definitions/${id}/counts`);
export const change = (h: Harness, id: string, what: 'pause' | 'resume' | 'stop') =>
  call(h, 200, 'POST', `/v1/reminder-definitions/${id}/${what}`);

/** Each timer of a customer as `occurrence status reason`, in a fixed order. */
export const timers = async (h: Harness, customerId: string): Promise<string[]> => {
  const { reminders } = await call(h, 200, 'GET', `/v1/customers/${customerId}/reminders`);
  return reminders
    .map(({ occurrence, status, reason }: Record<string, string | null>) =>
      [occurrence, status, reason].filter(Boolean).join(' '),
    )
    .sort();
};

/** Lets the service handle events; none may be refused. */
export const publish = async (h: Harness, events: readonly EventEnvelope[]): Promise<void> => {
  await h.publish(events);
  await h.settle();
  expect((await h.deadLetters('reminders')).map(({ errorCode, errorMessage }) => [errorCode, errorMessage])).toEqual(
    [],
  );
};

/** Moves the clock and lets what is due fire. */
export const at = async (h: Harness, instant: string): Promise<void> => {
  h.clock.set(instant);
  await h.settle();
};
