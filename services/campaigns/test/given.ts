import {
  CustomerErased,
  CustomerMerged,
  CustomerUpdated,
  type EventEnvelope,
  event,
  InteractionRecorded,
  LifecycleChanged,
  type LifecycleState,
  MessageRequested,
  MessageSent,
  MessageSuppressed,
  PurchaseCompleted,
  Topics,
} from '@vafa/contracts';
import type { Harness } from '@vafa/testing';
import { expect } from 'vitest';

export const NOW = '2026-11-21T08:00:00Z';
let counter = 0;

const fields = (time: string, id?: string) => ({ id: id ?? `e${++counter}`, source: '/shop', time });

export const purchase = (
  customerId: string,
  orderId: string,
  more: { time?: string; id?: string; totalMinor?: number } = {},
) =>
  event(PurchaseCompleted, fields(more.time ?? NOW, more.id), {
    customerId,
    orderId,
    currency: 'IRR',
    totalMinor: more.totalMinor ?? 1_000,
    lines: [],
    channel: 'web',
  });

export const interaction = (customerId: string, interactionType: string, id?: string) =>
  event(InteractionRecorded, fields(NOW, id), { customerId, interactionType, attributes: { page: 'home' } });

export const lifecycle = (
  customerId: string,
  to: LifecycleState,
  more: { from?: LifecycleState; time?: string; id?: string } = {},
) =>
  event(LifecycleChanged, fields(more.time ?? NOW, more.id), {
    customerId,
    from: more.from ?? 'prospect',
    to,
    reason: 'test',
    orders: 1,
  });

export const merged = (customerId: string, intoCustomerId: string, time = NOW) =>
  event(CustomerMerged, fields(time), { customerId, intoCustomerId });
export const erased = (customerId: string, time = NOW) => event(CustomerErased, fields(time), { customerId });
export const updated = (customerId: string, time: string) => event(CustomerUpdated, fields(time), { customerId });

type Requested = Awaited<ReturnType<typeof requests>>[number];

/** Every message that was asked for so far, each once, or the test fails. */
export const requests = async (h: Harness) => {
  const all = (await h.events(Topics.messageRequests)) as EventEnvelope<string, ReturnType<typeof dataOf>>[];
  const ids = all.map(({ data }) => data.requestId);
  expect(new Set(ids).size).toBe(ids.length);
  return all;
};
const dataOf = (envelope: ReturnType<typeof requested>) => envelope.data;
const requested = (data: Parameters<typeof event<typeof MessageRequested>>[2]) =>
  event(MessageRequested, fields(NOW), data);

const outcomeOf = ({ data }: Requested, messageId: string) => ({
  customerId: data.customerId,
  messageId,
  requestId: data.requestId,
  channel: data.channel,
  templateId: data.templateId,
  purpose: data.purpose,
  cause: data.cause,
});

/** What messaging would tell of a request. */
export const sent = (request: Requested, messageId: string, time = NOW) =>
  event(MessageSent, fields(time), outcomeOf(request, messageId));
export const suppressed = (request: Requested, messageId: string, reason: 'no_consent' | 'no_contact' | 'erased') =>
  event(MessageSuppressed, fields(NOW), { ...outcomeOf(request, messageId), reason });

export const WELCOME = {
  id: 'welcome',
  name: 'Welcome',
  purpose: 'transactional',
  messages: [{ channel: 'sms', templateId: 'welcome-sms' }],
  trigger: { kind: 'event', eventType: 'purchase.completed' },
};

/** Calls the service's HTTP door and expects the status. */
export const call = async (
  h: Harness,
  status: number,
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  payload?: unknown,
  headers?: Record<string, string>,
) => {
  const answer = await h.http('campaigns').inject({ method, url, payload, ...(headers ? { headers } : {}) });
  expect(answer.statusCode, answer.body).toBe(status);
  return answer.json();
};

/** Writes a campaign and activates it. */
export const activeCampaign = async (h: Harness, changes: object = {}): Promise<string> => {
  const campaign = { ...WELCOME, ...changes };
  await call(h, 201, 'POST', '/v1/campaigns', campaign);
  await call(h, 200, 'POST', `/v1/campaigns/${campaign.id}/activate`);
  return campaign.id;
};

/** Lets the service handle events; none may be refused. */
export const publish = async (h: Harness, events: readonly EventEnvelope[]): Promise<void> => {
  await h.publish(events);
  await h.settle();
  expect((await h.deadLetters('campaigns')).map(({ errorCode, errorMessage }) => [errorCode, errorMessage])).toEqual(
    [],
  );
};
