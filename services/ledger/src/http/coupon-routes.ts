import { readKeepingPlans } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import type { Static } from 'typebox';
import type { CodeResult } from '../domain/coupons/apply-coupons.ts';
import type { Cart } from '../domain/coupons/cart.ts';
import { createCountCodes } from '../metrics.ts';
import { resolveCustomer } from '../store/accounts.ts';
import { isoOfMs } from '../store/instants.ts';
import { confirmRedemption, releaseRedemption } from '../use-cases/close-redemption.ts';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import { decideCoupons } from '../use-cases/decide-coupons.ts';
import { type GuessLimits, limitGuesses } from '../use-cases/limit-guesses.ts';
import { redeemCoupons } from '../use-cases/redeem-coupons.ts';
import { type RedemptionView as Redeemed, statusAt, viewRedemption } from '../use-cases/view-redemption.ts';
import { actorOf, callOf } from './call.ts';
import { RedeemBody, RedemptionParams, RedemptionView, ValidateBody, ValidatedBody } from './coupon-schemas.ts';

const tags = ['coupons'];

/** @throws AppError invalid `ledger.invalid_cart` */
const cartOf = ({ currency, totalMinor, lines }: Static<typeof ValidateBody>): Cart => {
  const inLines = lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  if (inLines > totalMinor)
    throw new AppError('invalid', 'ledger.invalid_cart', 'the lines come to more than the total', {
      problems: [{ path: '/totalMinor', message: `must be at least ${inLines}, what the lines come to` }],
    });
  return { currency, totalMinor, lines };
};

const bodyOf = ({ redemption, uses }: Redeemed) => ({
  orderId: redemption.orderId,
  status: redemption.status,
  ...(redemption.customerId === null ? {} : { customerId: redemption.customerId }),
  currency: redemption.currency,
  totalMinor: redemption.totalMinor,
  discountMinor: redemption.discountMinor,
  remainingMinor: redemption.totalMinor - redemption.discountMinor,
  lineDiscountsMinor: redemption.lineDiscounts,
  codes: uses,
  createdAt: redemption.createdAt,
  ...(redemption.expiresAtMs === null ? {} : { expiresAt: isoOfMs(redemption.expiresAtMs) }),
});

const CLOSING = [
  { deed: 'redeem', close: confirmRedemption, summary: 'Uses the coupons that were held for an order' },
  { deed: 'release', close: releaseRedemption, summary: 'Gives the coupons of an order back, held or used' },
] as const;

/** Coupons at the till: which of the typed codes count, and using them. */
export const couponRoutes = (
  app: HttpApp,
  context: ServiceContext,
  deps: { guesses: GuessLimits; currentRules: CurrentRules },
): void => {
  const { sql, clock, metrics } = context;
  const countCodes = createCountCodes(metrics);
  const guesses = limitGuesses(sql, deps.guesses);

  app.post(
    '/v1/coupons/validate',
    {
      schema: {
        tags,
        summary: 'What codes would do for a cart: discount or reason of rejection each. Changes nothing',
        body: ValidateBody,
        response: { 200: ValidatedBody },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { body } = request;
      const cart = cartOf(body);
      const now = clock.now();
      const { guesser, applied } = await readKeepingPlans(sql, async (tx) => {
        const customerId = body.customerId === undefined ? null : await resolveCustomer(tx, body.customerId);
        const guesser = { customerId, apiKey: actorOf(request) };
        const [applied] = await Promise.all([
          decideCoupons(tx, { customerId, cart, codes: body.codes }, now, deps),
          guesses.check(tx, guesser, now),
        ]);
        return { guesser, applied };
      });
      countCodes(applied.results);
      await guesses.count(guesser, applied.results, now);
      return applied;
    },
  );

  app.post(
    '/v1/coupons/redemptions',
    {
      schema: {
        tags,
        summary:
          'Uses or holds coupons for an order, all or none; 422 ledger.coupons_rejected tells the reason of each',
        body: RedeemBody,
        response: { 201: RedemptionView },
      },
      config: { scope: 'ledger:write' },
    },
    async (request, reply) => {
      const { orderId, customerId = null, codes, holdSeconds = null } = request.body;
      const command = { orderId, customerId, cart: cartOf(request.body), codes, holdSeconds };
      const guesser = { customerId, apiKey: actorOf(request) };
      let results: readonly CodeResult[] = [];
      const note = (decided: readonly CodeResult[]): void => {
        results = decided;
        countCodes(decided);
      };
      try {
        return await idempotent(context, request, reply, 201, async (tx) => {
          const call = callOf(request, clock);
          const refuseGuessing = (): Promise<void> => guesses.check(tx, guesser, call.now);
          return bodyOf(await redeemCoupons(tx, command, call, { ...deps, refuseGuessing, countCodes: note }));
        });
      } catch (error) {
        // What was refused left nothing behind: the wrong codes are counted apart.
        await guesses.count(guesser, results, clock.now());
        throw error;
      }
    },
  );

  app.get(
    '/v1/coupons/redemptions/:orderId',
    {
      schema: {
        tags,
        summary: 'What coupons did for an order',
        params: RedemptionParams,
        response: { 200: RedemptionView },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { redemption, uses } = await viewRedemption(sql, request.params.orderId);
      return bodyOf({
        redemption: { ...redemption, status: statusAt(redemption, clock.now().epochMilliseconds) },
        uses,
      });
    },
  );

  for (const { deed, close, summary } of CLOSING)
    app.post(
      `/v1/coupons/redemptions/:orderId/${deed}`,
      {
        schema: { tags, summary, params: RedemptionParams, response: { 200: RedemptionView } },
        config: { scope: 'ledger:write' },
      },
      (request, reply) =>
        idempotent(context, request, reply, 200, async (tx) =>
          bodyOf(await close(tx, request.params.orderId, callOf(request, clock))),
        ),
    );
};
