import { AppError } from '@vafa/kernel';
import { type ContactPolicy, type Decision, decideContact } from '../domain/contact-policy.ts';
import { chooseLocale } from '../domain/locale-choice.ts';
import { type Channel, isUrgent, type Purpose, stricterPurpose } from '../domain/purposes.ts';
import { zoneOr } from '../domain/quiet-hours.ts';
import { unsubscribeUrl } from '../links/unsubscribe-link.ts';
import { type RenderedMessage, renderMessage } from '../rendering/render-message.ts';
import type { Content, DueMessage } from '../store/claims.ts';
import { grantKey } from '../store/consents.ts';
import { instantOf } from '../store/instants.ts';
import type { Move } from '../store/moves.ts';
import type { SuppressionCheck } from '../store/suppressions.ts';
import type { Template } from '../store/templates.ts';
import type { CountedAt } from './contact-knowledge.ts';

export interface ClaimOptions {
  policy: ContactPolicy;
  leaseMs: number;
  defaultTimeZone: string;
  defaultLocale: string;
  optOutSuffix: boolean;
  publicBaseUrl: string;
  linkSecret: string;
  /** Told of variables that a template used and the request did not give. */
  onMissing: (templateId: string, names: readonly string[]) => void;
}

/** A message that is ours to send until its lease ends. */
export interface ClaimedMessage {
  id: number;
  requestId: string;
  /** Including this one. */
  attempts: number;
  purpose: Purpose;
  expiresAt: Temporal.Instant;
  address: string;
  rendered: RenderedMessage;
  unsubscribeUrl: string | null;
}

/** What was read for a portion. */
export interface ClaimKnowledge {
  channel: Channel;
  templates: Map<string, Template[]>;
  grants: Set<string>;
  isSuppressed: SuppressionCheck;
  /** Of the portion too: what is claimed counts for what comes after it. */
  promotional: Map<string, CountedAt[]>;
}

/** What becomes of a due message. */
export type ClaimStep =
  | { kind: 'move'; move: Move }
  | { kind: 'send'; move: Move; message: ClaimedMessage; content: Content };

const still = (message: DueMessage) => ({ messageId: message.id, from: 'queued' as const, attempts: message.attempts });

const end = (message: DueMessage, to: 'suppressed' | 'failed', reason: string, detail?: string): ClaimStep => ({
  kind: 'move',
  move: { ...still(message), to, dueAt: null, reason, ...(detail ? { detail } : {}) },
});

const addressOf = ({ contact }: DueMessage, channel: Channel) => (channel === 'sms' ? contact.phone : contact.email);

const decide = (
  message: DueMessage,
  purpose: Purpose,
  known: ClaimKnowledge,
  options: ClaimOptions,
  now: Temporal.Instant,
): Decision => {
  const { contact, customerId } = message;
  const address = addressOf(message, known.channel);
  const others = (known.promotional.get(customerId) ?? []).filter(({ messageId }) => messageId !== message.id);
  return decideContact(
    { purpose, expiresAt: instantOf(message.expiresAt) },
    {
      erased: contact.erasedAt !== null,
      address,
      timeZone: zoneOr(contact.timeZone, options.defaultTimeZone),
      consentGranted: known.grants.has(grantKey(customerId, known.channel, purpose)),
      addressSuppressed: known.isSuppressed(known.channel, address, purpose),
      // Only what was tried counts now: of several planned ones the first to be claimed goes.
      promotional: others.filter(({ queued }) => !queued).map(({ at }) => at),
    },
    options.policy,
    now,
  );
};

/** The step of a message that does not go now; undefined when it does. */
const stepWithout = (message: DueMessage, decision: Decision): ClaimStep | undefined => {
  if (decision.kind === 'send') return undefined;
  if (decision.kind === 'defer') {
    const detail = `deferred to ${decision.until.toString()} by quiet hours`;
    return {
      kind: 'move',
      move: { ...still(message), to: 'queued', dueAt: decision.until, reason: message.reason, detail },
    };
  }
  // Tried before and turned away until its time was over: that is a failure, not a decision of ours.
  if (decision.reason === 'expired' && message.reason !== null)
    return end(message, 'failed', message.reason, 'expired while waiting to be tried again');
  return end(message, 'suppressed', decision.reason);
};

/** Fills the template in. @throws AppError rejected when it can't be */
const prepare = (
  message: DueMessage,
  template: Template,
  to: { purpose: Purpose; address: string },
  options: ClaimOptions,
  now: Temporal.Instant,
): ClaimStep => {
  const { purpose, address } = to;
  const wayOut = template.channel === 'email' && !isUrgent(purpose);
  const url = wayOut ? unsubscribeUrl(options.publicBaseUrl, message.id, options.linkSecret) : null;
  const rendered = renderMessage(template, {
    params: message.params,
    purpose,
    customer: { id: message.customerId, name: message.contact.name },
    timeZone: zoneOr(message.contact.timeZone, options.defaultTimeZone),
    unsubscribeUrl: url,
    optOutSuffix: options.optOutSuffix,
  });
  if (rendered.missing.length > 0) options.onMissing(template.id, rendered.missing);
  // One-time codes are not kept.
  const kept = purpose === 'otp' ? { subject: null, text: null } : { subject: rendered.subject, text: rendered.text };
  const { id, requestId, attempts } = message;
  return {
    kind: 'send',
    move: {
      ...still(message),
      to: 'sending',
      dueAt: now.add({ milliseconds: options.leaseMs }),
      reason: message.reason,
    },
    message: {
      ...{ id, requestId, attempts: attempts + 1, purpose, address, rendered, unsubscribeUrl: url },
      expiresAt: instantOf(message.expiresAt),
    },
    content: {
      ...{ messageId: id, address, purpose, locale: template.locale, templateVersion: template.version, ...kept },
      segments: rendered.segments?.segments ?? null,
    },
  };
};

/** Decides about one due message with what is true now, and fills its template in if it goes. */
export const stepOf = (
  message: DueMessage,
  known: ClaimKnowledge,
  options: ClaimOptions,
  now: Temporal.Instant,
): ClaimStep => {
  const { contact, customerId, templateId } = message;
  const templates = known.templates.get(templateId) ?? [];
  const purpose = templates.reduce((strictest, each) => stricterPurpose(strictest, each.purpose), message.purpose);
  const without = stepWithout(message, decide(message, purpose, known, options, now));
  if (without) return without;
  const { defaultLocale } = options;
  const locale = chooseLocale(
    templates.map((each) => each.locale),
    contact.locale ?? defaultLocale,
    defaultLocale,
  );
  const template = templates.find((each) => each.locale === locale);
  const address = addressOf(message, known.channel);
  if (!template || address === null) return end(message, 'suppressed', 'template_missing');
  try {
    const step = prepare(message, template, { purpose, address }, options, now);
    const counted = known.promotional.get(customerId) ?? [];
    if (purpose === 'promotional')
      known.promotional.set(customerId, [...counted, { at: now, queued: false, messageId: message.id }]);
    return step;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return end(message, 'failed', 'template_failed', error.message);
  }
};
