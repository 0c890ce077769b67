import { defineService, findErased } from '@vafa/platform';
import { subscriptions } from './events/subscriptions.ts';
import { adjustmentRoutes } from './http/adjustment-routes.ts';
import { claimRoutes } from './http/claim-routes.ts';
import { couponPoolRoutes } from './http/coupon-pool-routes.ts';
import { couponRoutes } from './http/coupon-routes.ts';
import { customerRoutes } from './http/customer-routes.ts';
import { draftRoutes } from './http/draft-routes.ts';
import { financeRoutes } from './http/finance-routes.ts';
import { grantRoutes } from './http/grant-routes.ts';
import { pointsPaymentRoutes } from './http/points-payment-routes.ts';
import { programmeRoutes } from './http/programme-routes.ts';
import { readingRoutes } from './http/reading-routes.ts';
import { createRedeem } from './http/redeem-together.ts';
import { refundRoutes } from './http/refund-routes.ts';
import { reservationRoutes } from './http/reservation-routes.ts';
import { rewardRoutes } from './http/reward-routes.ts';
import { simulationRoutes } from './http/simulation-routes.ts';
import { tierRoutes } from './http/tier-routes.ts';
import { totalsRoutes } from './http/totals-routes.ts';
import { jobs } from './jobs/jobs.ts';
import { createCountOutcomes } from './metrics.ts';
import { LedgerSettings, refundSettings } from './settings.ts';
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
    draftRoutes(app, context);
    simulationRoutes(app, context, { currentRules });
    customerRoutes(app, context);
    adjustmentRoutes(app, context, {
      currentRules,
      requestTtlHours: context.config.LEDGER_ADJUSTMENT_REQUEST_TTL_HOURS,
    });
    const maxTtlSeconds = context.config.LEDGER_RESERVATION_MAX_TTL_SECONDS;
    grantRoutes(app, context, { currentRules });
    const { redeem, idle } = createRedeem(context, { currentRules, maxTtlSeconds });
    app.addHook('onClose', idle);
    reservationRoutes(app, context, redeem);
    pointsPaymentRoutes(app, context, { currentRules, redeem });
    rewardRoutes(app, context);
    claimRoutes(app, context, { currentRules });
    couponPoolRoutes(app, context);
    couponRoutes(app, context, {
      currentRules,
      guesses: {
        perCustomer: context.config.LEDGER_WRONG_CODES_PER_CUSTOMER,
        perKey: context.config.LEDGER_WRONG_CODES_PER_KEY,
        windowSeconds: context.config.LEDGER_WRONG_CODES_WINDOW_SECONDS,
      },
    });
    tierRoutes(app, context, { currentRules });
    totalsRoutes(app, context);
    readingRoutes(app, context);
    refundRoutes(app, context);
    financeRoutes(app, context, { currentRules });
  },
  findErased,
  subscriptions: ({ config, metrics }) =>
    subscriptions({
      currentRules: createCurrentRules(),
      refunds: refundSettings(config),
      countOutcomes: createCountOutcomes(metrics),
    }),
  jobs: (context) => jobs(context, { currentRules: createCurrentRules() }),
});
