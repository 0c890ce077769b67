import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import type { StatusChange } from '../domain/status.ts';
import { listAudit } from '../store/audit.ts';
import { changeStatus } from '../use-cases/change-definition.ts';
import { countsOf, getDefinition } from '../use-cases/read-counts.ts';
import { changeBy } from './change-by.ts';
import { AuditBody, CountsBody, DefinitionBody, DefinitionId } from './schemas.ts';

const tags = ['definitions'];
const params = Type.Object({ id: DefinitionId });
const MAX_CHANGES = 200;

const STATUS_CHANGES: Readonly<Record<StatusChange, string>> = {
  pause: 'Pauses: timers are set, none fires',
  resume: 'Resumes: what is due fires, unless it is past due by more than the time to live',
  stop: 'Stops for good and cancels its timers',
};

/** Pausing and stopping definitions, what became of their timers, and what was changed by whom. */
export const statusRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;

  for (const [what, summary] of Object.entries(STATUS_CHANGES) as [StatusChange, string][]) {
    app.post(
      `/v1/reminder-definitions/:id/${what}`,
      { schema: { tags, summary, params, response: { 200: DefinitionBody } }, config: { scope: 'reminders:write' } },
      (request, reply) =>
        idempotent(context, request, reply, 200, (tx) =>
          changeStatus(tx, (request.params as { id: string }).id, what, changeBy(request, clock)),
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
