import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import type { StatusChange } from '../domain/status.ts';
import { listAudit } from '../store/audit.ts';
import { listDefinitions } from '../store/definitions.ts';
import { type Change, changeStatus, createDefinition, replaceDefinition } from '../use-cases/change-definition.ts';
import { countsOf, getDefinition } from '../use-cases/read-counts.ts';
import {
  AuditBody,
  CountsBody,
  CreateDefinition,
  DefinitionBody,
  DefinitionId,
  DefinitionPage,
  ReplaceDefinition,
  Status,
} from './schemas.ts';

const tags = ['definitions'];
const params = Type.Object({ id: DefinitionId });
const MAX_PAGE = 200;
const MAX_CHANGES = 200;

const STATUS_CHANGES: Readonly<Record<StatusChange, string>> = {
  pause: 'Pauses: timers are set, none fires',
  resume: 'Resumes: what is due fires, unless it is past due by more than the time to live',
  stop: 'Stops for good and cancels its timers',
};

/** Reminder definitions and their changes. */
export const definitionRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;
  const changeBy = (request: Parameters<typeof idempotent>[1]): Change => ({
    actor: request.apiKey?.id ?? 'unknown',
    now: clock.now(),
  });

  app.post(
    '/v1/reminder-definitions',
    {
      schema: { tags, summary: 'Writes a new definition', body: CreateDefinition, response: { 201: DefinitionBody } },
      config: { scope: 'reminders:write' },
    },
    (request, reply) => {
      const { id, ...input } = request.body;
      return idempotent(context, request, reply, 201, (tx) => createDefinition(tx, id, input, changeBy(request)));
    },
  );

  app.get(
    '/v1/reminder-definitions',
    {
      schema: {
        tags,
        summary: 'Lists definitions by id',
        querystring: Type.Object({
          status: Type.Optional(Status),
          after: Type.Optional(Type.String({ maxLength: 64 })),
          limit: Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 50 }),
        }),
        response: { 200: DefinitionPage },
      },
      config: { scope: 'reminders:read' },
    },
    async (request) => {
      const definitions = await listDefinitions(sql, request.query);
      return {
        definitions,
        next: definitions.length === request.query.limit ? (definitions.at(-1)?.id ?? null) : null,
      };
    },
  );

  app.get(
    '/v1/reminder-definitions/:id',
    {
      schema: { tags, summary: 'One definition', params, response: { 200: DefinitionBody } },
      config: { scope: 'reminders:read' },
    },
    (request) => getDefinition(sql, request.params.id),
  );

  app.put(
    '/v1/reminder-definitions/:id',
    {
      schema: {
        tags,
        summary: 'Replaces the content: a new version',
        params,
        body: ReplaceDefinition,
        response: { 200: DefinitionBody },
      },
      config: { scope: 'reminders:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, (tx) =>
        replaceDefinition(tx, request.params.id, request.body, changeBy(request)),
      ),
  );

  for (const [what, summary] of Object.entries(STATUS_CHANGES) as [StatusChange, string][]) {
    app.post(
      `/v1/reminder-definitions/:id/${what}`,
      { schema: { tags, summary, params, response: { 200: DefinitionBody } }, config: { scope: 'reminders:write' } },
      (request, reply) =>
        idempotent(context, request, reply, 200, (tx) =>
          changeStatus(tx, (request.params as { id: string }).id, what, changeBy(request)),
        ),
    );
  }

  app.get(
    '/v1/reminder-definitions/:id/counts',
    {
      schema: { tags, summary: 'What became of its timers', params, response: { 200: CountsBody } },
      config: { scope: 'reminders:read' },
    },
    async (request) => {
      await getDefinition(sql, request.params.id);
      return countsOf(sql, request.params.id);
    },
  );

  app.get(
    '/v1/reminder-definitions/:id/changes',
    {
      schema: { tags, summary: 'Who changed it, when, from what to what', params, response: { 200: AuditBody } },
      config: { scope: 'reminders:read' },
    },
    async (request) => {
      await getDefinition(sql, request.params.id);
      return { changes: await listAudit(sql, request.params.id, MAX_CHANGES) };
    },
  );
};
