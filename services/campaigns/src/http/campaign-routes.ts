import { fields } from '@vafa/contracts';
import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import type { StatusChange } from '../domain/status.ts';
import { listAudit } from '../store/audit.ts';
import { findBroadcast } from '../store/broadcasts.ts';
import { listCampaigns } from '../store/campaigns.ts';
import { type Change, changeStatus, createCampaign, replaceCampaign } from '../use-cases/change-campaign.ts';
import { getCampaign } from '../use-cases/read-results.ts';
import {
  AuditBody,
  CampaignBody,
  CampaignId,
  CampaignPage,
  CampaignWithBroadcast,
  CreateCampaign,
  ReplaceCampaign,
} from './schemas.ts';

const tags = ['campaigns'];
const params = Type.Object({ id: CampaignId });
const MAX_PAGE = 200;
const MAX_CHANGES = 200;

const STATUS_CHANGES: Readonly<Record<StatusChange, string>> = {
  activate: 'Starts a draft; a scheduled campaign goes out at its hour',
  pause: 'Pauses: triggers are recorded as skipped, a broadcast halts where it is',
  resume: 'Resumes after a pause; a broadcast goes on where it was',
  stop: 'Stops for good; what has been requested is not called back',
};

/** Campaigns and their changes. */
export const campaignRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;
  const changeBy = (request: Parameters<typeof idempotent>[1]): Change => ({
    actor: request.apiKey?.id ?? 'unknown',
    now: clock.now(),
  });

  app.post(
    '/v1/campaigns',
    {
      schema: {
        tags,
        summary: 'Writes a new campaign as a draft',
        body: CreateCampaign,
        response: { 201: CampaignBody },
      },
      config: { scope: 'campaigns:write' },
    },
    (request, reply) => {
      const { id, ...input } = request.body;
      return idempotent(context, request, reply, 201, (tx) => createCampaign(tx, id, input, changeBy(request)));
    },
  );

  app.get(
    '/v1/campaigns',
    {
      schema: {
        tags,
        summary: 'Lists campaigns by id',
        querystring: Type.Object({
          status: Type.Optional(fields.OneOf(['draft', 'active', 'paused', 'stopped'] as const)),
          after: Type.Optional(Type.String({ maxLength: 64 })),
          limit: Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 50 }),
        }),
        response: { 200: CampaignPage },
      },
      config: { scope: 'campaigns:read' },
    },
    async (request) => {
      const campaigns = await listCampaigns(sql, request.query);
      return { campaigns, next: campaigns.length === request.query.limit ? (campaigns.at(-1)?.id ?? null) : null };
    },
  );

  app.get(
    '/v1/campaigns/:id',
    {
      schema: { tags, summary: 'One campaign', params, response: { 200: CampaignWithBroadcast } },
      config: { scope: 'campaigns:read' },
    },
    async (request) => {
      const campaign = await getCampaign(sql, request.params.id);
      const broadcast = await findBroadcast(sql, request.params.id);
      return { ...campaign, ...(broadcast ? { broadcast } : {}) };
    },
  );

  app.put(
    '/v1/campaigns/:id',
    {
      schema: {
        tags,
        summary: 'Replaces the content: a new version',
        params,
        body: ReplaceCampaign,
        response: { 200: CampaignBody },
      },
      config: { scope: 'campaigns:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, (tx) =>
        replaceCampaign(tx, request.params.id, request.body, changeBy(request)),
      ),
  );

  for (const [what, summary] of Object.entries(STATUS_CHANGES) as [StatusChange, string][]) {
    app.post(
      `/v1/campaigns/:id/${what}`,
      { schema: { tags, summary, params, response: { 200: CampaignBody } }, config: { scope: 'campaigns:write' } },
      (request, reply) =>
        idempotent(context, request, reply, 200, (tx) =>
          changeStatus(tx, (request.params as { id: string }).id, what, changeBy(request)),
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
