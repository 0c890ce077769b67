import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import { listDefinitions } from '../store/definitions.ts';
import { createDefinition, replaceDefinition } from '../use-cases/change-definition.ts';
import { getDefinition } from '../use-cases/read-counts.ts';
import { changeBy } from './change-by.ts';
import {
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

/** Writing, reading and replacing reminder definitions. */
export const definitionRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;

  app.post(
    '/v1/reminder-definitions',
    {
      schema: { tags, summary: 'Writes a new definition', body: CreateDefinition, response: { 201: DefinitionBody } },
      config: { scope: 'reminders:write' },
    },
    (request, reply) => {
      const { id, ...input } = request.body;
      return idempotent(context, request, reply, 201, (tx) =>
        createDefinition(tx, id, input, changeBy(request, clock)),
      );
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
        replaceDefinition(tx, request.params.id, request.body, changeBy(request, clock)),
      ),
  );
};
