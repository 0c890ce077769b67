import { fields } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import { type HttpApp, idempotent } from '@vafa/platform';
import Type from 'typebox';
import type { MessagingContext } from '../parts.ts';
import { MAX_TEMPLATE_LENGTH } from '../rendering/liquid.ts';
import { findTemplate, listTemplates, type Template, type TemplateKey } from '../store/templates.ts';
import { deleteTemplate, putTemplate } from '../use-cases/change-template.ts';
import { ChannelField, changeBy, isoOf, NullableText, PurposeField, TemplateId, textWithin } from './shapes.ts';

const tags = ['templates'];
const url = '/v1/templates/:id/:channel/:locale';
const params = Type.Object({ id: TemplateId, channel: ChannelField, locale: fields.Locale });
const MAX_PAGE = 200;
const MAX_SUBJECT = 500;

/** What a template says, apart from its key. */
export const templateContent = {
  purpose: Type.Optional(
    Type.Union([PurposeField, Type.Null()], {
      description: 'What it is for: messages with it keep at least the rules of this purpose',
    }),
  ),
  subject: Type.Optional(
    Type.Union([textWithin(MAX_SUBJECT, 'Liquid'), Type.Null()], { description: 'Liquid; e-mail only' }),
  ),
  body: textWithin(MAX_TEMPLATE_LENGTH, 'Liquid: the SMS, or the plain text of the e-mail'),
  html: Type.Optional(
    Type.Union([textWithin(MAX_TEMPLATE_LENGTH, 'Liquid'), Type.Null()], {
      description:
        'Liquid, values escaped; e-mail only. A piece is put into a page of the right direction; absent: made from the body',
    }),
  ),
};

const TemplateBody = Type.Object(
  {
    id: Type.String(),
    channel: ChannelField,
    locale: Type.String(),
    purpose: NullableText,
    subject: NullableText,
    body: Type.String(),
    html: NullableText,
    version: Type.Integer(),
    updatedAt: Type.String(),
    variables: Type.Optional(Type.Array(Type.String(), { description: 'What it uses, e.g. points or customer.name' })),
  },
  { description: 'A template' },
);
const TemplatePage = Type.Object(
  {
    templates: Type.Array(TemplateBody),
    next: Type.Union([Type.String(), Type.Null()], { description: 'Give it as `after` for more' }),
  },
  { description: 'Templates by id, channel, locale' },
);

const shown = ({ updatedBy: _updatedBy, updatedAt, ...template }: Template & { variables?: string[] }) => ({
  ...template,
  updatedAt: isoOf(updatedAt),
});

const unknown = ({ id, channel, locale }: TemplateKey): AppError =>
  new AppError('not_found', 'messaging.template_unknown', `no template ${id} for ${channel} in ${locale}`);

/** The key that a page ended with. @throws AppError invalid when it is none */
const readAfter = (text: string | undefined): TemplateKey | undefined => {
  if (text === undefined) return undefined;
  const [id, channel, locale] = text.split('/');
  if (id && (channel === 'sms' || channel === 'email') && locale) return { id, channel, locale };
  throw new AppError('invalid', 'messaging.invalid_page', '`after` must be the `next` of an answer');
};

/** Templates: read and list. */
const readRoutes = (app: HttpApp, { sql }: MessagingContext): void => {
  app.get(
    url,
    {
      schema: { tags, summary: 'One template', params, response: { 200: TemplateBody } },
      config: { scope: 'messages:read' },
    },
    async (request) => {
      const found = await findTemplate(sql, request.params);
      if (!found) throw unknown(request.params);
      return shown(found);
    },
  );
  const querystring = Type.Object({
    id: Type.Optional(TemplateId),
    channel: Type.Optional(ChannelField),
    after: Type.Optional(Type.String({ maxLength: 200 })),
    limit: Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 50 }),
  });
  app.get(
    '/v1/templates',
    {
      schema: { tags, summary: 'List templates', querystring, response: { 200: TemplatePage } },
      config: { scope: 'messages:read' },
    },
    async (request) => {
      const { id, channel, after, limit } = request.query;
      const templates = await listTemplates(sql, { id, channel, after: readAfter(after), limit });
      const last = templates.length === limit ? templates.at(-1) : undefined;
      return { templates: templates.map(shown), next: last ? `${last.id}/${last.channel}/${last.locale}` : null };
    },
  );
};

/** Templates: make, replace, delete, read, list. */
export const templateRoutes = (app: HttpApp, context: MessagingContext): void => {
  readRoutes(app, context);
  app.put(
    url,
    {
      schema: {
        tags,
        summary: 'Make a template, or replace it by its next version',
        description:
          'Liquid with the filters jalali, fa_digits, toman and number. What is no valid Liquid is refused with line and column.',
        params,
        body: Type.Object(templateContent, { additionalProperties: false }),
        response: { 200: TemplateBody },
      },
      config: { scope: 'templates:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) => {
        const { purpose = null, subject = null, html = null, body } = request.body;
        const input = { ...request.params, purpose, subject, html, body };
        return shown(await putTemplate(tx, input, changeBy(request, context.clock.now())));
      }),
  );
  app.delete(
    url,
    {
      schema: {
        tags,
        summary: 'Delete a template; messages that would use it are suppressed',
        params,
        response: { 204: Type.Null() },
      },
      config: { scope: 'templates:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 204, async (tx) => {
        await deleteTemplate(tx, request.params, changeBy(request, context.clock.now()));
        return null;
      }),
  );
};
