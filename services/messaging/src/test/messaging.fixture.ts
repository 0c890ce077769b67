import {
  CustomerConsentChanged,
  CustomerUpdated,
  type EventOf,
  event,
  MessageRequested,
  Topics,
} from '@vafa/contracts';
import { type Sandbox, startSandbox } from '@vafa/sandbox';
import { type Harness, startHarness } from '@vafa/testing';
import { messaging } from '../service.ts';

type Request = EventOf<typeof MessageRequested>['data'];
type Profile = EventOf<typeof CustomerUpdated>['data'];

/** 11:30 in Tehran, a Saturday. */
const NOON = '2026-11-21T08:00:00Z';
/** Short enough for tests that wait for it; long enough for a busy machine to answer in. */
export const TIMEOUT_MS = 1_500;
export const LEASE_MS = 60_000;
export const UNKNOWN_WAIT_MS = 5_000;

export interface MessagingFixture {
  h: Harness;
  sandbox: Sandbox;
  /** Makes a customer known, with consent to everything on both channels unless told. */
  know(customerId: string | readonly string[], profile?: Partial<Profile>, consents?: readonly string[]): Promise<void>;
  /** Asks for messages and lets all that follows happen. */
  ask(...requests: (Partial<Request> & { customerId: string })[]): Promise<string[]>;
  /** Asks, and waits only until the requests are booked. */
  put(...requests: (Partial<Request> & { customerId: string })[]): Promise<string[]>;
  get(
    url: string,
  ): Promise<{ statusCode: number; body: Record<string, unknown> & { history: { state: string; detail: string }[] } }>;
  /** What became of a request, as the API tells it. */
  outcome(requestId: string): Promise<string>;
  /** Events about a request, as `type` or `type:reason`, in order. */
  told(requestId: string): Promise<string[]>;
  /** How often the provider took the message, by its own record. */
  taken(requestId: string): Promise<number>;
  stop(): Promise<void>;
}

const TEMPLATES = [
  { id: 'points', channel: 'sms', locale: 'fa', body: '{{ name }} عزیز، {{ points | number }} امتیاز گرفتید.' },
  { id: 'points', channel: 'sms', locale: 'en', body: 'Dear {{ name }}, you earned {{ points | number }} points.' },
  {
    id: 'points',
    channel: 'email',
    locale: 'fa',
    subject: 'امتیاز شما',
    body: '{{ name }} عزیز، {{ points }} امتیاز گرفتید.',
  },
  {
    id: 'points',
    channel: 'email',
    locale: 'en',
    subject: 'Your points',
    body: 'Dear {{ name }}, {{ points }} points.',
  },
] as const;

const SETTINGS = {
  MESSAGING_KAVENEGAR_API_KEY: 'sandbox',
  MESSAGING_KAVENEGAR_SENDER: '10008663',
  MESSAGING_MAIL_FROM: 'Shop <shop@shop.example>',
  MESSAGING_PUBLIC_BASE_URL: 'https://shop.example',
  MESSAGING_CALLBACK_SECRET: 'callback-secret',
  MESSAGING_SMS_CALLS_PER_SECOND: '1000',
  MESSAGING_EMAILS_PER_SECOND: '1000',
  MESSAGING_SMS_TIMEOUT_MS: String(TIMEOUT_MS),
  MESSAGING_EMAIL_TIMEOUT_MS: String(TIMEOUT_MS),
  MESSAGING_LEASE_MS: String(LEASE_MS),
  MESSAGING_UNKNOWN_WAIT_MS: String(UNKNOWN_WAIT_MS),
  VAFA_LOG_LEVEL: 'silent',
};

/** A harness with messaging alone, over a sandbox that sends a repeated local id again. */
export const startMessaging = async (settings: Record<string, string> = {}): Promise<MessagingFixture> => {
  let nowMs = () => Date.parse(NOON);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  // Nothing is delivered by itself: tests say when.
  const sandbox = await startSandbox({ dedupeByLocalId: false, deliveredAfterMs: 1e12, now: () => nowMs(), log });
  const h = await startHarness({
    services: [messaging],
    now: NOON,
    settings: {
      ...SETTINGS,
      MESSAGING_KAVENEGAR_BASE_URL: sandbox.smsUrl,
      MESSAGING_SMTP_URL: sandbox.smtpUrl,
      ...settings,
    },
  });
  nowMs = () => h.clock.now().epochMilliseconds;
  for (const { id, channel, locale, ...payload } of TEMPLATES)
    await h.http('messaging').inject({ method: 'PUT', url: `/v1/templates/${id}/${channel}/${locale}`, payload });
  return { h, sandbox, ...doings(h, sandbox), stop: () => stopAll(h, sandbox) };
};

const stopAll = async (h: Harness, sandbox: Sandbox): Promise<void> => {
  await h.stop();
  await sandbox.stop();
};

let serial = 0;
const envelope = (h: Harness) => {
  serial += 1;
  return { id: `e${serial}`, source: '/test', time: h.clock.now() };
};

/** Any customer's own addresses, so that tests in one database do not meet. */
export const phoneOf = (customerId: string): string => {
  const digits = [...customerId].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 10_000_000, 7);
  return `+98912${String(digits).padStart(7, '0')}`;
};
export const emailOf = (customerId: string): string => `${customerId.replace(/\W+/g, '-')}@customers.example`;

const doings = (h: Harness, sandbox: Sandbox) => {
  const know: MessagingFixture['know'] = async (customers, profile = {}, consents = ['service', 'promotional']) => {
    const events = [customers].flat().flatMap((customerId) => [
      event(CustomerUpdated, envelope(h), {
        ...{ customerId, name: 'سارا', phone: phoneOf(customerId), email: emailOf(customerId) },
        ...{ locale: 'fa', timeZone: 'Asia/Tehran', ...profile },
      }),
      ...(['sms', 'email'] as const).flatMap((channel) =>
        consents.map((purpose) =>
          event(CustomerConsentChanged, envelope(h), {
            ...{ customerId, channel, purpose: purpose as 'service', granted: true, consentSource: 'test' },
          }),
        ),
      ),
    ]);
    await h.publish(events);
    await h.settle();
  };
  const publish = async (requests: readonly (Partial<Request> & { customerId: string })[]) => {
    const events = requests.map((request) => {
      const fields = envelope(h);
      return event(MessageRequested, fields, {
        requestId: `r-${fields.id}`,
        channel: 'sms',
        templateId: 'points',
        purpose: 'transactional',
        params: { points: 120 },
        expiresAt: h.clock.now().add({ hours: 24 }).toString(),
        cause: { kind: 'campaign', id: 'welcome', triggerId: 't1' },
        ...request,
      });
    });
    await h.publish(events);
    return events.map(({ data }) => data.requestId);
  };
  const rowOf = async (requestId: string) => {
    const [row] = await h.sql('messaging')<
      { id: number; channel: string; request_id: string }[]
    >`select id, channel, request_id from message where request_id = ${requestId}`;
    return row;
  };
  const get: MessagingFixture['get'] = async (url) => {
    const answer = await h.http('messaging').inject({ method: 'GET', url });
    return { statusCode: answer.statusCode, body: answer.json() };
  };
  return {
    know,
    get,
    ask: async (...requests: (Partial<Request> & { customerId: string })[]) => {
      const ids = await publish(requests);
      await h.settle();
      return ids;
    },
    put: async (...requests: (Partial<Request> & { customerId: string })[]) => {
      const ids = await publish(requests);
      while (!(await Promise.all(ids.map(rowOf))).every(Boolean))
        await new Promise((resolve) => setTimeout(resolve, 10));
      return ids;
    },
    outcome: async (requestId: string) => {
      const { statusCode, body } = await get(`/v1/requests/${encodeURIComponent(requestId)}`);
      if (statusCode !== 200) return String(statusCode);
      return body.reason ? `${body.state}:${body.reason}` : String(body.state);
    },
    told: async (requestId: string) => {
      const events = (await h.events(Topics.messages)).map(({ type, data }) => ({
        type,
        data: data as { requestId: string; reason?: string },
      }));
      return events
        .filter(({ data }) => data.requestId === requestId)
        .map(({ type, data }) => type.replace('message.', '') + (data.reason ? `:${data.reason}` : ''));
    },
    taken: async (requestId: string) => {
      const row = await rowOf(requestId);
      if (!row) return 0;
      if (row.channel === 'sms')
        return sandbox.sms.records().filter(({ localId }) => localId === String(row.id)).length;
      return sandbox.mail.records().filter(({ messageId }) => messageId.startsWith(`<m${row.id}.`)).length;
    },
  };
};
