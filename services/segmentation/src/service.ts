import { defineService } from '@vafa/platform';
import { subscriptions } from './events/subscriptions.ts';
import { customerRoutes } from './http/customer-routes.ts';
import { lifecycleRoutes } from './http/lifecycle-routes.ts';
import { jobs } from './jobs/jobs.ts';
import { SegmentationSettings } from './settings.ts';
import { findErased } from './store/erased.ts';

/** What is known of a customer: metrics and the place in the lifecycle. */
export const segmentation = defineService({
  name: 'segmentation',
  title: 'Vafa segmentation',
  migrations: new URL('../migrations/', import.meta.url),
  settings: SegmentationSettings,
  routes: (app, context) => {
    customerRoutes(app, context);
    lifecycleRoutes(app, context);
  },
  findErased: async (tx, customerIds) => {
    const found = await findErased(tx, customerIds);
    return new Map([...found].map(([customerId, erasedAt]) => [customerId, erasedAt.epochMilliseconds]));
  },
  subscriptions: ({ config }) => subscriptions(config),
  jobs,
});
