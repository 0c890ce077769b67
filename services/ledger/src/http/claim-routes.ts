import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import { resolveCustomer } from '../store/accounts.ts';
import { type Claim, findClaim, listClaims } from '../store/reward-claims.ts';
import { cancelClaim } from '../use-cases/cancel-claim.ts';
import { claimReward } from '../use-cases/claim-reward.ts';
import { claimNotFound, shownCodes } from '../use-cases/claim-view.ts';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import { listCustomerRewards, type OfferedReward } from '../use-cases/list-customer-rewards.ts';
import { callOf } from './call.ts';
import {
  CancelBody,
  ClaimBody,
  ClaimIdParams,
  ClaimPage,
  ClaimParams,
  ClaimView,
  ClaimWithBalance,
  IdPageQuery,
  OfferedPage,
} from './reward-schemas.ts';
import { CustomerParams } from './schemas.ts';

const tags = ['rewards'];

const bodyOf = (claim: Claim, couponCode: string | null) => ({
  claimId: claim.id,
  reference: claim.reference,
  rewardId: claim.rewardId,
  rewardRevision: claim.rewardRevision,
  customerId: claim.customerId,
  points: claim.points,
  reservationId: claim.reservationId,
  entryId: claim.entryId,
  status: claim.status,
  claimedAt: claim.claimedAt,
  ...(couponCode === null ? {} : { couponCode }),
  ...(claim.cancelledAt === null ? {} : { cancelledAt: claim.cancelledAt }),
  ...(claim.cancelReason === null ? {} : { cancelReason: claim.cancelReason }),
  ...(claim.cancelEntryId === null ? {} : { cancelEntryId: claim.cancelEntryId }),
});

const offerOf = ({ reward, claims, whyNot, pointsMissing }: OfferedReward) => {
  const { name, description, costPoints, startsAt, endsAt, attributes } = reward.definition;
  return {
    rewardId: reward.id,
    name,
    ...(description ? { description } : {}),
    costPoints,
    stockLeft: reward.stockLeft,
    startsAt,
    endsAt,
    ...(attributes ? { attributes } : {}),
    claims,
    claimable: whyNot.length === 0,
    whyNot,
    pointsMissing,
  };
};

/** Rewards as a customer sees and takes them. */
export const claimRoutes = (app: HttpApp, context: ServiceContext, deps: { currentRules: CurrentRules }): void => {
  const { sql, clock } = context;

  app.get(
    '/v1/customers/:customerId/rewards',
    {
      schema: {
        tags,
        summary: 'What the catalogue shows a customer, and what keeps the customer from claiming each',
        params: CustomerParams,
        querystring: IdPageQuery,
        response: { 200: OfferedPage },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const asked = { customerId: request.params.customerId, limit, ...(cursor ? { afterId: cursor } : {}) };
      const { offered, nextAfterId, activePoints } = await listCustomerRewards(sql, asked, clock.now(), deps);
      return { activePoints, rewards: offered.map(offerOf), ...(nextAfterId ? { nextCursor: nextAfterId } : {}) };
    },
  );

  app.post(
    '/v1/customers/:customerId/rewards/:rewardId/claims',
    {
      schema: {
        tags,
        summary: 'Gives a reward for points, with its code; 422 says why not',
        params: ClaimParams,
        body: ClaimBody,
        response: { 201: ClaimWithBalance },
      },
      config: { scope: 'ledger:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 201, async (tx) => {
        const command = { ...request.params, ...request.body };
        const { claim, couponCode, balance } = await claimReward(tx, command, callOf(request, clock), deps);
        return { ...bodyOf(claim, couponCode), balance };
      }),
  );

  app.get(
    '/v1/customers/:customerId/reward-claims',
    {
      schema: {
        tags,
        summary: 'What a customer got for points, newest first',
        params: CustomerParams,
        querystring: IdPageQuery,
        response: { 200: ClaimPage },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const customerId = await resolveCustomer(sql, request.params.customerId);
      const page = { ...(cursor ? { beforeId: cursor } : {}), limit: limit + 1 };
      const found = await listClaims(sql, customerId, page);
      const claims = found.slice(0, limit);
      const codes = await shownCodes(sql, claims);
      const last = found.length > limit ? claims.at(-1) : undefined;
      return {
        claims: claims.map((claim, i) => bodyOf(claim, codes[i] ?? null)),
        ...(last ? { nextCursor: last.id } : {}),
      };
    },
  );

  app.get(
    '/v1/reward-claims/:claimId',
    {
      schema: { tags, summary: 'One claim', params: ClaimIdParams, response: { 200: ClaimView } },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const found = await findClaim(sql, request.params.claimId);
      if (!found) throw claimNotFound();
      const [code = null] = await shownCodes(sql, [found]);
      return bodyOf(found, code);
    },
  );

  app.post(
    '/v1/reward-claims/:claimId/cancel',
    {
      schema: {
        tags,
        summary:
          'Takes a reward back: points into their lots, piece into the stock, code void. 409 once the code is used',
        params: ClaimIdParams,
        body: CancelBody,
        response: { 200: ClaimWithBalance },
      },
      config: { scope: 'ledger:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) => {
        const command = { claimId: request.params.claimId, ...request.body };
        const { claim, balance } = await cancelClaim(tx, command, callOf(request, clock));
        const [code = null] = await shownCodes(tx, [claim]);
        return { ...bodyOf(claim, code), balance };
      }),
  );
};
