import { defineService } from '@vafa/platform';
import { subscriptions } from './events/subscriptions.ts';
import { customerRoutes } from './http/customer-routes.ts';
import { programmeRoutes } from './http/programme-routes.ts';
import { reservationRoutes } from './http/reservation-routes.ts';
import { totalsRoutes } from './http/totals-routes.ts';
import { jobs } from './jobs/jobs.ts';
import { createCountOutcomes } from './metrics.ts';
import { LedgerSettings } from './settings.ts';
import { createCurrentRules } from './use-cases/current-programme.ts';

export const ledger = defineService({
  name: 'ledger',
  title: 'Vafa ledger: points earned, held, spent, expired and taken back',
  migrations: new URL('../migrations/', import.meta.url),
  settings: LedgerSettings,
  // Each door remembers the programme for itself; whether it is still the newest is looked up in every transaction.
  routes: (app, context) => {
    const currentRules = createCurrentRules();
    programmeRoutes(app, context);
    customerRoutes(app, context, { currentRules });
    reservationRoutes(app, context, { currentRules, maxTtlSeconds: context.config.LEDGER_RESERVATION_MAX_TTL_SECONDS });
    totalsRoutes(app, context);
  },
  subscriptions: ({ config, metrics }) =>
    subscriptions({
      currentRules: createCurrentRules(),
      lookBackPurchases: config.LEDGER_REFUND_LOOK_BACK_PURCHASES,
      countOutcomes: createCountOutcomes(metrics),
    }),
  jobs: (context) => jobs(context, { currentRules: createCurrentRules() }),
});
