import { defineService, findErased } from '@vafa/platform';
import Type from 'typebox';
import { subscriptions } from './events/subscriptions.ts';
import { campaignRoutes } from './http/campaign-routes.ts';
import { resultRoutes } from './http/result-routes.ts';
import { statusRoutes } from './http/status-routes.ts';
import { jobs } from './jobs/jobs.ts';

const settings = Type.Object({
  CAMPAIGNS_BROADCAST_SWEEP_MS: Type.Integer({
    default: 1_000,
    minimum: 10,
    description: 'Pause between looks for due broadcasts',
  }),
  CAMPAIGNS_BROADCAST_PORTION: Type.Integer({
    default: 500,
    minimum: 1,
    maximum: 5_000,
    description: 'Customers per transaction of a broadcast',
  }),
  CAMPAIGNS_KEEP_EXPIRED_DAYS: Type.Integer({
    default: 7,
    minimum: 0,
    maximum: 366,
    description: 'How long after its time to live a trigger still gets a row of its own; older ones are only counted',
  }),
});

/** Who gets what and when: asks messaging for messages by event, and sends nothing itself. */
export const campaigns = defineService({
  name: 'campaigns',
  title: 'Vafa campaigns',
  migrations: new URL('../migrations/', import.meta.url),
  settings,
  routes: (app, context) => {
    campaignRoutes(app, context);
    statusRoutes(app, context);
    resultRoutes(app, context);
  },
  findErased,
  subscriptions: ({ config }) => subscriptions({ keepExpiredDays: config.CAMPAIGNS_KEEP_EXPIRED_DAYS }),
  jobs: (context) =>
    jobs(context, {
      sweepMs: context.config.CAMPAIGNS_BROADCAST_SWEEP_MS,
      portion: context.config.CAMPAIGNS_BROADCAST_PORTION,
    }),
});
