import { defineService } from '@vafa/platform';
import { customerRoutes } from './http/customer-routes.ts';
import { itemRoutes } from './http/item-routes.ts';
import { readJsonBodies } from './http/json-body.ts';
import { refuseLargeBodies } from './http/refuse-large-bodies.ts';
import { GatewaySettings } from './settings.ts';

/** The door for shops: what happened comes in over HTTP and goes onto the bus. */
export const gateway = defineService({
  name: 'gateway',
  title: 'Vafa gateway',
  migrations: new URL('../migrations/', import.meta.url),
  settings: GatewaySettings,
  routes: (app, context) => {
    refuseLargeBodies(app, context.config.GATEWAY_BODY_LIMIT_BYTES);
    readJsonBodies(app);
    itemRoutes(app, context);
    customerRoutes(app, context);
  },
  subscriptions: () => [],
  jobs: () => [],
});
