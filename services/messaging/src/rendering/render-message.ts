import { AppError } from '@vafa/kernel';
import type { Channel, Purpose } from '../domain/purposes.ts';
import { countSegments, type Segments } from '../domain/segments.ts';
import { needsSuffix, normalizeSms, withSuffix } from '../domain/sms-text.ts';
import { textToHtml, wayOutWords, wrapHtml } from './email-html.ts';
import { checkTemplatePart, renderPart, type Scope } from './liquid.ts';

/** What a template is made of. `html` is optional: without it the page is made from the body. */
export interface TemplateParts {
  channel: Channel;
  locale: string;
  subject: string | null;
  body: string;
  html: string | null;
}

/** The message the template is filled in for. */
export interface RenderInput {
  params: Readonly<Record<string, unknown>>;
  purpose: Purpose;
  customer: { id: string; name: string | null };
  timeZone: string;
  /** Only for messages that carry a way out. */
  unsubscribeUrl: string | null;
  /** Ends Persian club and promotional SMS with the word that stops them. */
  optOutSuffix: boolean;
}

export interface RenderedMessage {
  subject: string | null;
  text: string;
  html: string | null;
  segments: Segments | null;
  /** Variables the template uses that nobody gave. */
  missing: string[];
}

/** Longest SMS that Kavenegar takes, in characters. */
const MAX_SMS_LENGTH = 1_800;
const MAX_SUBJECT_LENGTH = 250;

/**
 * What a template may use: the request's own params; `name` unless a param has that name; `customer.id`, `customer.name`;
 * `locale`, `time_zone`, `unsubscribe_url`.
 */
const scopeOf = (template: TemplateParts, input: RenderInput): Scope => ({
  name: input.customer.name,
  ...input.params,
  customer: { id: input.customer.id, name: input.customer.name },
  locale: template.locale,
  time_zone: input.timeZone,
  unsubscribe_url: input.unsubscribeUrl,
});

/** @throws AppError invalid for a part that is no Liquid; returns the variables that are used */
export const checkTemplate = (template: TemplateParts): string[] => {
  const variables = new Set(checkTemplatePart('body', template.body, 'text'));
  if (template.subject !== null)
    for (const name of checkTemplatePart('subject', template.subject, 'text')) variables.add(name);
  if (template.html !== null) for (const name of checkTemplatePart('html', template.html, 'html')) variables.add(name);
  return [...variables].toSorted();
};

const failed = (what: string): AppError => new AppError('rejected', 'messaging.template_failed', what);

const renderSms = (template: TemplateParts, input: RenderInput, scope: Scope): RenderedMessage => {
  const body = renderPart('body', template.body, scope, 'text');
  const plain = normalizeSms(body.text, template.locale);
  if (plain === '') throw failed('the text is empty');
  const text = input.optOutSuffix && needsSuffix(input.purpose, template.locale) ? withSuffix(plain) : plain;
  if (text.length > MAX_SMS_LENGTH) throw failed(`the text has ${text.length} characters, more than ${MAX_SMS_LENGTH}`);
  return { subject: null, text, html: null, segments: countSegments(text), missing: body.missing };
};

const renderEmail = (template: TemplateParts, input: RenderInput, scope: Scope): RenderedMessage => {
  const { locale } = template;
  const { unsubscribeUrl } = input;
  const subjectPart = renderPart('subject', template.subject ?? '', scope, 'text');
  const subject = subjectPart.text.replace(/\s+/g, ' ').trim().slice(0, MAX_SUBJECT_LENGTH);
  const body = renderPart('body', template.body, scope, 'text');
  const html = template.html === null ? null : renderPart('html', template.html, scope, 'html');
  const plain = body.text.replace(/\r\n?/g, '\n').trim();
  if (subject === '' || plain === '') throw failed(`the ${subject === '' ? 'subject' : 'text'} is empty`);
  return {
    subject,
    text: unsubscribeUrl ? `${plain}\n\n${wayOutWords(locale)}: ${unsubscribeUrl}\n` : `${plain}\n`,
    html: wrapHtml(html?.text ?? textToHtml(plain), { locale, subject, unsubscribeUrl }),
    segments: null,
    missing: [...new Set([...subjectPart.missing, ...body.missing, ...(html?.missing ?? [])])].toSorted(),
  };
};

/**
 * Fills a template in.
 * @throws AppError rejected `messaging.template_failed` when it can't be, or when nothing or too much comes out
 */
export const renderMessage = (template: TemplateParts, input: RenderInput): RenderedMessage => {
  const scope = scopeOf(template, input);
  return template.channel === 'sms' ? renderSms(template, input, scope) : renderEmail(template, input, scope);
};
