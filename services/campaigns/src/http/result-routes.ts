import { fields } from '@vafa/contracts';
import type { HttpApp, ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import { readResults, readStory } from '../use-cases/read-results.ts';
import { CampaignId, ResultsBody, StoryBody } from './schemas.ts';

const tags = ['results'];

/** What became of campaigns. */
export const resultRoutes = (app: HttpApp, { sql }: ServiceContext): void => {
  app.get(
    '/v1/campaigns/:id/results',
    {
      schema: {
        tags,
        summary: 'Counts of what became of it',
        params: Type.Object({ id: CampaignId }),
        response: { 200: ResultsBody },
      },
      config: { scope: 'campaigns:read' },
    },
    (request) => readResults(sql, request.params.id),
  );

  app.get(
    '/v1/campaigns/:id/customers/:customerId',
    {
      schema: {
        tags,
        summary: "Why this customer did or didn't get it",
        params: Type.Object({ id: CampaignId, customerId: fields.CustomerId }),
        response: { 200: StoryBody },
      },
      config: { scope: 'campaigns:read' },
    },
    (request) => readStory(sql, request.params.id, request.params.customerId),
  );
};
