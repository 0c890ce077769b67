import { defineService } from '@vafa/platform';
import { subscriptions } from './events/subscriptions.ts';
import { callbackRoutes } from './http/callback-routes.ts';
import { channelRoutes } from './http/channel-routes.ts';
import { messageRoutes } from './http/message-routes.ts';
import { policyRoutes } from './http/policy-routes.ts';
import { previewRoutes } from './http/preview-routes.ts';
import { suppressionRoutes } from './http/suppression-routes.ts';
import { templateRoutes } from './http/template-routes.ts';
import { unsubscribeRoutes } from './http/unsubscribe-routes.ts';
import { jobs } from './jobs/jobs.ts';
import { partsOf } from './parts.ts';
import { MessagingSettings } from './settings.ts';
import { findErased } from './store/contacts.ts';

/** The only sender: templates, consent, contact policy, SMS and e-mail providers, receipts, opt-outs. */
export const messaging = defineService({
  name: 'messaging',
  title: 'Messaging: SMS and e-mail to customers who agree to them',
  migrations: new URL('../migrations/', import.meta.url),
  settings: MessagingSettings,
  routes: async (app, context) => {
    templateRoutes(app, context);
    previewRoutes(app, context);
    policyRoutes(app, context);
    messageRoutes(app, context);
    channelRoutes(app, context);
    suppressionRoutes(app, context);
    await callbackRoutes(app, context);
    await unsubscribeRoutes(app, context);
  },
  findErased,
  subscriptions,
  jobs,
  close: async (context) => partsOf(context).email?.close(),
});
