import { fields } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import type { HttpApp } from '@vafa/platform';
import Type from 'typebox';
import { chooseLocale } from '../domain/locale-choice.ts';
import { isUrgent } from '../domain/purposes.ts';
import { zoneOr } from '../domain/quiet-hours.ts';
import type { MessagingContext } from '../parts.ts';
import { checkTemplate, renderMessage, type TemplateParts } from '../rendering/render-message.ts';
import { findTemplates } from '../store/templates.ts';
import { ChannelField, NullableText, PurposeField, TemplateId } from './shapes.ts';
import { templateContent } from './template-routes.ts';

const Params = Type.Record(
  Type.String({ minLength: 1, maxLength: 64 }),
  Type.Union([Type.String({ maxLength: 2_000 }), Type.Number(), Type.Boolean()]),
  { maxProperties: 50 },
);

const PreviewBody = Type.Object(
  {
    id: Type.Optional(TemplateId),
    content: Type.Optional(
      Type.Object(
        { subject: templateContent.subject, body: templateContent.body, html: templateContent.html },
        { additionalProperties: false, description: 'Instead of id: a template that is not saved' },
      ),
    ),
    channel: ChannelField,
    locale: Type.Optional(fields.Locale),
    purpose: Type.Optional(PurposeField),
    params: Type.Optional(Params),
    customerName: Type.Optional(Type.String({ maxLength: 200 })),
    timeZone: Type.Optional(fields.TimeZone),
  },
  { additionalProperties: false },
);

const PreviewAnswer = Type.Object(
  {
    locale: Type.String({ description: 'The one that would be used' }),
    subject: NullableText,
    text: Type.String(),
    html: NullableText,
    encoding: NullableText,
    units: Type.Union([Type.Integer(), Type.Null()], { description: 'SMS: septets (gsm7) or 16-bit units (ucs2)' }),
    segments: Type.Union([Type.Integer(), Type.Null()], { description: 'SMS: parts that are paid for' }),
    missing: Type.Array(Type.String(), { description: 'Variables it uses that were not given: they come out empty' }),
  },
  { description: 'As it would be sent' },
);

/** A saved template in the locale that would be chosen. @throws AppError not_found */
const findSaved = async (
  context: MessagingContext,
  channel: 'sms' | 'email',
  id: string,
  locale: string,
): Promise<TemplateParts> => {
  const templates = await findTemplates(context.sql, channel, [id]);
  const chosen = chooseLocale(
    templates.map((each) => each.locale),
    locale,
    context.config.MESSAGING_DEFAULT_LOCALE,
  );
  const template = templates.find((each) => each.locale === chosen);
  if (!template) throw new AppError('not_found', 'messaging.template_unknown', `no template ${id} for ${channel}`);
  return template;
};

/** Shows what a template makes of values, without sending anything. */
export const previewRoutes = (app: HttpApp, context: MessagingContext): void => {
  const { config } = context;
  app.post(
    '/v1/templates/preview',
    {
      schema: {
        tags: ['templates'],
        summary: 'Fill a template in and count its segments; nothing is sent',
        body: PreviewBody,
        response: { 200: PreviewAnswer },
      },
      config: { scope: 'messages:read' },
    },
    async (request) => {
      const { id, content, channel, params = {}, purpose = 'transactional' } = request.body;
      const locale = request.body.locale ?? config.MESSAGING_DEFAULT_LOCALE;
      if ((id === undefined) === (content === undefined))
        throw new AppError('invalid', 'messaging.preview_what', 'give either id or content');
      const template: TemplateParts = content
        ? { channel, locale, subject: content.subject ?? null, body: content.body, html: content.html ?? null }
        : await findSaved(context, channel, id ?? '', locale);
      checkTemplate(template);
      const wayOut = channel === 'email' && !isUrgent(purpose);
      const { subject, text, html, segments, missing } = renderMessage(template, {
        params,
        purpose,
        customer: { id: 'preview', name: request.body.customerName ?? null },
        timeZone: zoneOr(request.body.timeZone, config.MESSAGING_DEFAULT_TIME_ZONE),
        unsubscribeUrl: wayOut ? `${config.MESSAGING_PUBLIC_BASE_URL}/u/preview` : null,
        optOutSuffix: config.MESSAGING_OPT_OUT_SUFFIX,
      });
      const counted = {
        encoding: segments?.encoding ?? null,
        units: segments?.units ?? null,
        segments: segments?.segments ?? null,
      };
      return { locale: template.locale, subject, text, html, ...counted, missing };
    },
  );
};
