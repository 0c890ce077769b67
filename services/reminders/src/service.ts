import { defineService, findErased } from '@vafa/platform';
import Type from 'typebox';
import { isTimeZone } from './domain/due.ts';
import { subscriptions } from './events/subscriptions.ts';
import { definitionRoutes } from './http/definition-routes.ts';
import { reminderRoutes } from './http/reminder-routes.ts';
import { statusRoutes } from './http/status-routes.ts';
import { jobs } from './jobs/jobs.ts';

const settings = Type.Object({
  REMINDERS_TIME_ZONE: Type.String({
    default: 'Asia/Tehran',
    minLength: 1,
    description: 'Time zone of customers who have told none, an IANA name',
  }),
  REMINDERS_SWEEP_MS: Type.Integer({ default: 1_000, minimum: 10, description: 'Pause between looks for due timers' }),
  REMINDERS_SWEEP_PORTION: Type.Integer({
    default: 500,
    minimum: 1,
    maximum: 5_000,
    description: 'Timers claimed per transaction of a sweep',
  }),
  REMINDERS_KEEP_REFUNDS_DAYS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 3_650,
    description: 'How long a refund of a whole order is remembered, should the purchase be told after it',
  }),
});

/** Durable timers: what is due for whom. Asks messaging for messages by event, and sends nothing itself. */
export const reminders = defineService({
  name: 'reminders',
  title: 'Vafa reminders',
  migrations: new URL('../migrations/', import.meta.url),
  settings,
  routes: (app, context) => {
    definitionRoutes(app, context);
    statusRoutes(app, context);
    reminderRoutes(app, context);
  },
  findErased,
  subscriptions: ({ config: { REMINDERS_TIME_ZONE: defaultTimeZone } }) => {
    if (!isTimeZone(defaultTimeZone))
      throw new Error(`REMINDERS_TIME_ZONE = "${defaultTimeZone}" is no IANA time zone that is known here`);
    return subscriptions({ defaultTimeZone });
  },
  jobs: (context) =>
    jobs(context, {
      sweepMs: context.config.REMINDERS_SWEEP_MS,
      portion: context.config.REMINDERS_SWEEP_PORTION,
      keepRefundsDays: context.config.REMINDERS_KEEP_REFUNDS_DAYS,
    }),
});
