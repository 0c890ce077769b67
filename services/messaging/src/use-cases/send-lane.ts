import { idFrom } from '@vafa/kernel';
import type { CallOutcome } from '../domain/call-outcome.ts';
import type { MessagingContext, MessagingParts } from '../parts.ts';
import type { EmailProvider } from '../providers/email-provider.ts';
import type { CallBudget, SmsProvider } from '../providers/sms-provider.ts';
import type { MessagingSettings } from '../settings.ts';
import { hasDue } from '../store/claims.ts';
import { findGate } from './channel-gate.ts';
import { claimMessages, type Lane } from './claim-messages.ts';
import type { ClaimedMessage, ClaimOptions } from './claim-step.ts';
import { currentPolicy } from './current-policy.ts';
import { type RecordSettings, recordOutcomes, type Tried, untilBooked } from './record-outcomes.ts';

const recordSettingsOf = (config: MessagingSettings): RecordSettings => ({
  retryFirstMs: config.MESSAGING_RETRY_FIRST_MS,
  retryMaxMs: config.MESSAGING_RETRY_MAX_MS,
  unknownWaitMs: config.MESSAGING_UNKNOWN_WAIT_MS,
  pauseFirstMs: config.MESSAGING_PAUSE_FIRST_MS,
  pauseMaxMs: config.MESSAGING_PAUSE_MAX_MS,
  receiptPollMs: config.MESSAGING_RECEIPT_POLL_MS,
});

/** Share of the lease that is kept free at its end, for booking. */
const LEASE_MARGIN = 0.1;

/** Measured by this process's own clock from before the claim: a process that was frozen finds its time used up. */
const budgetOf = (
  leaseMs: number,
  longestCallMs: number,
  stopping: AbortSignal,
): CallBudget & { mayBook: () => boolean } => {
  const startedMs = performance.now();
  const endsMs = startedMs + leaseMs * (1 - LEASE_MARGIN);
  return {
    // A process that stops makes no new calls; those under way it lets end, or their outcome would be unknown.
    mayCall: () => !stopping.aborted && performance.now() + longestCallMs < endsMs,
    mayBook: () => performance.now() < endsMs,
  };
};

const sendSms = async (
  provider: SmsProvider,
  messages: readonly ClaimedMessage[],
  budget: CallBudget,
): Promise<Tried[]> => {
  const items = messages.map(({ id, address, rendered }) => ({ messageId: id, phone: address, text: rendered.text }));
  const outcomes = await provider.send(items, budget);
  return messages.map((message) => ({ message, outcome: outcomes.get(message.id) ?? { kind: 'not_called' } }));
};

/** The same at every attempt; the part of the request's id keeps two installations apart. */
const messageIdHeader = (message: { id: number; requestId: string }, from: string): string => {
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost';
  return `<m${message.id}.${idFrom('message-id', message.requestId).slice(0, 8)}@${domain}>`;
};

/** As many at a time as there are connections, so that none waits in the pool while its time runs. */
const sendEmails = async (
  provider: EmailProvider,
  messages: readonly ClaimedMessage[],
  budget: CallBudget,
  options: { from: string; connections: number },
): Promise<Tried[]> => {
  const tried: Tried[] = [];
  const waiting = [...messages];
  let channelDown: CallOutcome | undefined;
  const work = async (): Promise<void> => {
    for (let message = waiting.shift(); message; message = waiting.shift()) {
      const { subject, text, html } = message.rendered;
      const item = {
        ...{ messageId: message.id, messageIdHeader: messageIdHeader(message, options.from), to: message.address },
        ...{ subject: subject ?? '', text, html: html ?? '', unsubscribeUrl: message.unsubscribeUrl },
      };
      const outcome: CallOutcome =
        !channelDown && budget.mayCall() ? await provider.send(item) : { kind: 'not_called' };
      if (outcome.kind === 'channel_down') channelDown = outcome;
      tried.push({ message, outcome });
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.connections, messages.length) }, work));
  return tried;
};

const claimOptionsOf = async (
  { config }: MessagingContext,
  parts: MessagingParts,
): Promise<Omit<ClaimOptions, 'policy'>> => ({
  leaseMs: config.MESSAGING_LEASE_MS,
  defaultTimeZone: config.MESSAGING_DEFAULT_TIME_ZONE,
  defaultLocale: config.MESSAGING_DEFAULT_LOCALE,
  optOutSuffix: config.MESSAGING_OPT_OUT_SUFFIX,
  publicBaseUrl: config.MESSAGING_PUBLIC_BASE_URL,
  linkSecret: await parts.linkSecret(),
  onMissing: (template, names) => parts.metrics.missingVariables.inc({ template }, names.length),
});

/**
 * Sends one portion of a lane: claim and commit, then call, then book. Returns how many messages were due; 0 too while
 * the channel is paused or has no provider, so that they wait.
 */
export const sendLane = async (
  context: MessagingContext,
  parts: MessagingParts,
  lane: Lane,
  stopping: AbortSignal,
): Promise<number> => {
  const { config, sql, clock } = context;
  const { channel } = lane;
  const provider = parts[channel];
  if (!provider || !(await hasDue(sql, lane, clock.now()))) return 0;
  const gate = await findGate(sql, channel, clock.now());
  if (gate === 'closed') return 0;
  const isSms = channel === 'sms';
  const timeoutMs = isSms ? config.MESSAGING_SMS_TIMEOUT_MS : config.MESSAGING_EMAIL_TIMEOUT_MS;
  const portion = isSms ? config.MESSAGING_SMS_PORTION : config.MESSAGING_EMAIL_PORTION;
  const options = await claimOptionsOf(context, parts);
  const budget = budgetOf(config.MESSAGING_LEASE_MS, timeoutMs, stopping);
  const claim = await sql.begin(async (tx) => {
    const policy = await currentPolicy(tx, parts.defaultPolicy);
    // After a pause one message goes ahead and tries the way.
    return claimMessages(tx, { ...lane, limit: gate === 'probing' ? 1 : portion }, { ...options, policy }, clock.now());
  });
  if (claim.claimed.length > 0) {
    const tried = isSms
      ? await sendSms(provider as SmsProvider, claim.claimed, budget)
      : await sendEmails(provider as EmailProvider, claim.claimed, budget, {
          from: config.MESSAGING_MAIL_FROM,
          connections: config.MESSAGING_EMAIL_CONNECTIONS,
        });
    await untilBooked(
      sql,
      (tx) => recordOutcomes(tx, channel, tried, recordSettingsOf(config), clock.now()),
      budget.mayBook,
    );
  }
  context.wake();
  return claim.looked;
};
