import { sleep } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import type { ServiceContext } from '@vafa/platform';
import type { ContactPolicy } from './domain/contact-policy.ts';
import type { Channel } from './domain/purposes.ts';
import { createMessagingMetrics, type MessagingMetrics } from './metrics.ts';
import type { EmailProvider } from './providers/email-provider.ts';
import { createKavenegarProvider } from './providers/kavenegar/kavenegar-provider.ts';
import type { SmsProvider } from './providers/sms-provider.ts';
import { createSmtpProvider } from './providers/smtp/smtp-provider.ts';
import type { MessagingSettings } from './settings.ts';
import { takeCallSlot } from './store/channels.ts';
import { secretNamed } from './store/secrets.ts';

export type MessagingContext = ServiceContext<MessagingSettings>;

/** What the doors share besides the context. */
export interface MessagingParts {
  /** Undefined while the settings name no account. */
  sms: SmsProvider | undefined;
  email: EmailProvider | undefined;
  metrics: MessagingMetrics;
  /** In force until another is put over HTTP. */
  defaultPolicy: ContactPolicy;
  linkSecret: () => Promise<string>;
  callbackSecret: () => Promise<string>;
}

/** Waits for the channel's next slot. */
const paceOf =
  ({ sql }: MessagingContext, channel: Channel, perSecond: number) =>
  async (): Promise<void> => {
    const waitMs = await takeCallSlot(sql, channel, 1_000 / perSecond);
    if (waitMs >= 1) await sleep(waitMs);
  };

const observe = (metrics: MessagingMetrics) => (method: string, result: string, seconds: number) => {
  metrics.calls.inc({ method, result });
  metrics.callSeconds.observe({ method }, seconds);
};

const createSms = (context: MessagingContext, metrics: MessagingMetrics): SmsProvider | undefined => {
  const { config } = context;
  if (config.MESSAGING_KAVENEGAR_API_KEY === '') return undefined;
  if (config.MESSAGING_KAVENEGAR_SENDER === '')
    throw new AppError(
      'invalid',
      'messaging.sender_missing',
      'MESSAGING_KAVENEGAR_SENDER is not set, but the API key is',
    );
  return createKavenegarProvider({
    baseUrl: config.MESSAGING_KAVENEGAR_BASE_URL,
    apiKey: config.MESSAGING_KAVENEGAR_API_KEY,
    sender: config.MESSAGING_KAVENEGAR_SENDER,
    localIdOffset: config.MESSAGING_LOCAL_ID_OFFSET,
    timeoutMs: config.MESSAGING_SMS_TIMEOUT_MS,
    pace: paceOf(context, 'sms', config.MESSAGING_SMS_CALLS_PER_SECOND),
    onCall: observe(metrics),
  });
};

const dkimOf = (config: MessagingSettings) => {
  const { MESSAGING_DKIM_DOMAIN: domainName, MESSAGING_DKIM_SELECTOR: keySelector, MESSAGING_DKIM_KEY: key } = config;
  if (key === '') return undefined;
  if (domainName === '' || keySelector === '')
    throw new AppError(
      'invalid',
      'messaging.dkim_incomplete',
      'MESSAGING_DKIM_KEY needs MESSAGING_DKIM_DOMAIN and _SELECTOR',
    );
  return { domainName, keySelector, privateKey: key.replaceAll('\\n', '\n') };
};

const createEmail = (context: MessagingContext, metrics: MessagingMetrics): EmailProvider | undefined => {
  const { config } = context;
  if (config.MESSAGING_SMTP_URL === '') return undefined;
  return createSmtpProvider({
    url: config.MESSAGING_SMTP_URL,
    from: config.MESSAGING_MAIL_FROM,
    timeoutMs: config.MESSAGING_EMAIL_TIMEOUT_MS,
    maxConnections: config.MESSAGING_EMAIL_CONNECTIONS,
    dkim: dkimOf(config),
    pace: paceOf(context, 'email', config.MESSAGING_EMAILS_PER_SECOND),
    onCall: observe(metrics),
  });
};

/** A secret of the settings, or the one kept in the database; asked for once. */
const secretOf = ({ sql }: MessagingContext, name: string, configured: string): (() => Promise<string>) => {
  let kept: Promise<string> | undefined;
  return () => {
    if (configured !== '') return Promise.resolve(configured);
    kept ??= secretNamed(sql, name).catch((error: unknown) => {
      kept = undefined;
      throw error;
    });
    return kept;
  };
};

/** A claim must outlive the longest call, or a second sender would take the message while the first still sends it. */
const checkLease = ({ MESSAGING_LEASE_MS: lease, ...config }: MessagingSettings): void => {
  const longest = Math.max(config.MESSAGING_SMS_TIMEOUT_MS, config.MESSAGING_EMAIL_TIMEOUT_MS);
  if (lease < longest * 1.5)
    throw new AppError('invalid', 'messaging.lease_too_short', `MESSAGING_LEASE_MS must be at least ${longest * 1.5}`);
};

const createParts = (context: MessagingContext): MessagingParts => {
  const { config } = context;
  checkLease(config);
  const metrics = createMessagingMetrics(context.metrics);
  return {
    sms: createSms(context, metrics),
    email: createEmail(context, metrics),
    metrics,
    defaultPolicy: {
      quietHours: { from: config.MESSAGING_QUIET_FROM, to: config.MESSAGING_QUIET_TO },
      promotionalCap: { perDay: config.MESSAGING_PROMOTIONAL_PER_DAY, perWeek: config.MESSAGING_PROMOTIONAL_PER_WEEK },
    },
    linkSecret: secretOf(context, 'link', config.MESSAGING_LINK_SECRET),
    callbackSecret: secretOf(context, 'callback', config.MESSAGING_CALLBACK_SECRET),
  };
};

const partsByContext = new WeakMap<MessagingContext, MessagingParts>();

/**
 * The parts of a running service: made once, whichever of its doors asks first.
 * @throws AppError invalid when the settings contradict each other
 */
export const partsOf = (context: MessagingContext): MessagingParts => {
  const known = partsByContext.get(context);
  if (known) return known;
  const parts = createParts(context);
  partsByContext.set(context, parts);
  return parts;
};
