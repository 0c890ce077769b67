import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import type { StatusChange } from '../domain/status.ts';
import { listAudit } from '../store/audit.ts';
import { changeStatus } from '../use-cases/change-campaign.ts';
import { getCampaign } from '../use-cases/read-results.ts';
import { changeBy } from './change-by.ts';
import { AuditBody, CampaignBody, CampaignId } from './schemas.ts';

const tags = ['campaigns'];
const params = Type.Object({ id: CampaignId });
const MAX_CHANGES = 200;

const STATUS_CHANGES: Readonly<Record<StatusChange, string>> = {
  activate: 'Starts a draft; a scheduled campaign goes out at its hour',
  pause: 'Pauses: triggers are recorded as skipped, a broadcast halts where it is',
  resume: 'Resumes after a pause; a broadcast goes on where it was',
  stop: 'Stops for good; what has been requested is not called back',
};

/** Starting, pausing and stopping campaigns, and what was changed by whom. */
export const statusRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;

  for (const [what, summary] of Object.entries(STATUS_CHANGES) as [StatusChange, string][]) {
    app.post(
      `/v1/campaigns/:id/${what}`,
      { schema: { tags, summary, params, response: { 200: CampaignBody } }, config: { scope: 'campaigns:write' } },
      (request, reply) =>
        idempotent(context, request, reply, 200, (tx) =>
          changeStatus(tx, (request.params as { id: string }).id, what, changeBy(request, clock)),
        ),
    );
  }

  app.get(
    '/v1/campaigns/:id/changes',
    {
      schema: { tags, summary: 'Who changed it, when, from what to what', params, response: { 200: AuditBody } },
      config: { scope: 'campaigns:read' },
    },
    async (request) => {
      await getCampaign(sql, request.params.id);
      return { changes: await listAudit(sql, request.params.id, MAX_CHANGES) };
    },
  );
};
