import { fields } from '@vafa/contracts';
import { AppError } from '@vafa/kernel';
import { type HttpApp, idempotent } from '@vafa/platform';
import Type from 'typebox';
import { maskAddress } from '../domain/addresses.ts';
import type { MessagingContext } from '../parts.ts';
import {
  countOutcomes,
  findByRequest,
  findMessage,
  listCustomerMessages,
  type MessageRow,
} from '../store/message-reads.ts';
import { resolveMessage } from '../use-cases/resolve-message.ts';
import {
  ChannelField,
  changeBy,
  isoOf,
  isoOrNull,
  MessageIdParams,
  NullableInteger,
  NullableText,
  PurposeField,
  StateField,
} from './shapes.ts';

const tags = ['messages'];
const MAX_PAGE = 200;

const MessageBody = Type.Object(
  {
    id: Type.String(),
    requestId: Type.String(),
    customerId: Type.String(),
    channel: ChannelField,
    purpose: PurposeField,
    templateId: Type.String(),
    templateVersion: NullableInteger,
    locale: NullableText,
    state: StateField,
    reason: NullableText,
    cause: Type.Unsafe<object>({ type: 'object', additionalProperties: true, description: 'Who asked for it and why' }),
    requestedAt: Type.String(),
    expiresAt: Type.String(),
    createdAt: Type.String(),
    dueAt: Type.Union([Type.String(), Type.Null()], { description: 'When something happens to it next' }),
    sentAt: NullableText,
    attempts: Type.Integer(),
    to: Type.Union([Type.String(), Type.Null()], { description: 'The address, masked' }),
    subject: NullableText,
    text: Type.Union([Type.String(), Type.Null()], { description: 'As sent; one-time codes are not kept' }),
    segments: NullableInteger,
    costRial: NullableInteger,
    providerMessageId: NullableText,
    history: Type.Array(Type.Object({ at: Type.String(), state: StateField, detail: NullableText })),
  },
  { description: 'A message and what happened to it' },
);
const MessagePage = Type.Object(
  {
    messages: Type.Array(MessageBody),
    next: Type.Union([Type.Integer(), Type.Null()], { description: 'Give it as `after` for more' }),
  },
  { description: 'Newest first' },
);
const Counts = Type.Object(
  {
    total: Type.Integer(),
    outcomes: Type.Array(
      Type.Object({
        channel: ChannelField,
        purpose: PurposeField,
        state: StateField,
        reason: NullableText,
        count: Type.Integer(),
      }),
    ),
  },
  { description: 'Messages by outcome' },
);

const shown = (row: MessageRow) => {
  const { address, history, ...rest } = row;
  return {
    ...rest,
    id: String(row.id),
    requestedAt: isoOf(row.requestedAt),
    expiresAt: isoOf(row.expiresAt),
    createdAt: isoOf(row.createdAt),
    dueAt: isoOrNull(row.dueAt),
    sentAt: isoOrNull(row.sentAt),
    to: address === null ? null : maskAddress(address),
    history: history.map(({ at, state, detail }) => ({ at: isoOf(at), state, detail })),
  };
};

const unknown = () => new AppError('not_found', 'messaging.message_unknown', 'no such message');

const one = { 200: MessageBody };
const config = { scope: 'messages:read' } as const;

/** Counts by outcome. */
const countRoutes = (app: HttpApp, { sql }: MessagingContext): void => {
  const querystring = Type.Object({
    from: Type.Optional(fields.Instant),
    to: Type.Optional(fields.Instant),
    causeId: Type.Optional(Type.String({ maxLength: 128, description: 'Of one campaign or reminder' })),
  });
  app.get(
    '/v1/messages/counts',
    { schema: { tags, summary: 'Messages by what became of them', querystring, response: { 200: Counts } }, config },
    async ({ query }) => {
      const outcomes = await countOutcomes(sql, {
        from: query.from ?? null,
        to: query.to ?? null,
        causeId: query.causeId ?? null,
      });
      return { total: outcomes.reduce((sum, { count }) => sum + count, 0), outcomes };
    },
  );
};

/** Messages: what was sent to whom, what was not, and why. */
export const messageRoutes = (app: HttpApp, context: MessagingContext): void => {
  const { sql, clock } = context;
  countRoutes(app, context);
  app.get(
    '/v1/messages/:id',
    { schema: { tags, summary: 'One message with its history', params: MessageIdParams, response: one }, config },
    async (request) => {
      const row = await findMessage(sql, request.params.id);
      if (!row) throw unknown();
      return shown(row);
    },
  );
  app.get(
    '/v1/requests/:requestId',
    {
      schema: {
        tags,
        summary: "Why did (or didn't) she get this?",
        params: Type.Object({ requestId: Type.String({ maxLength: 200 }) }),
        response: one,
      },
      config,
    },
    async (request) => {
      const row = await findByRequest(sql, request.params.requestId);
      if (!row) throw unknown();
      return shown(row);
    },
  );
  const querystring = Type.Object({
    after: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    limit: Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 50 }),
  });
  app.get(
    '/v1/customers/:customerId/messages',
    {
      schema: {
        tags,
        summary: "A customer's messages, newest first",
        params: Type.Object({ customerId: fields.CustomerId }),
        querystring,
        response: { 200: MessagePage },
      },
      config,
    },
    async (request) => {
      const { after = null, limit } = request.query;
      const rows = await listCustomerMessages(sql, request.params.customerId, { beforeId: after, limit });
      return { messages: rows.map(shown), next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null };
    },
  );
  app.post(
    '/v1/messages/:id/resolve',
    {
      schema: {
        tags,
        summary: 'Say what became of a message whose outcome is unknown',
        params: MessageIdParams,
        body: Type.Object(
          { outcome: fields.OneOf(['sent', 'failed', 'resend'] as const) },
          { additionalProperties: false },
        ),
        response: one,
      },
      config: { scope: 'messages:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) => {
        const { id } = request.params;
        await resolveMessage(tx, id, request.body.outcome, changeBy(request, clock.now()));
        const row = await findMessage(tx, id);
        if (!row) throw unknown();
        return shown(row);
      }),
  );
};
