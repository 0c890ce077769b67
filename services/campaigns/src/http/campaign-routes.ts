import { fields } from '@vafa/contracts';
import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import { findBroadcast } from '../store/broadcasts.ts';
import { listCampaigns } from '../store/campaigns.ts';
import { createCampaign, replaceCampaign } from '../use-cases/change-campaign.ts';
import { getCampaign } from '../use-cases/read-results.ts';
import { changeBy } from './change-by.ts';
import {
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

/** Writing, reading and replacing campaigns. */
export const campaignRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;

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
      return idempotent(context, request, reply, 201, (tx) => createCampaign(tx, id, input, changeBy(request, clock)));
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
        replaceCampaign(tx, request.params.id, request.body, changeBy(request, clock)),
      ),
  );
};
