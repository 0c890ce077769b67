import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import { findReward, type KeptReward, listRewards } from '../store/rewards.ts';
import { createReward, editReward, rewardNotFound, setRewardStatus } from '../use-cases/change-reward.ts';
import { callOf } from './call.ts';
import { RewardBody, RewardPage, RewardParams, RewardsQuery, RewardView } from './reward-schemas.ts';

const tags = ['rewards'];

const bodyOf = ({ id, revision, status, definition, stockLeft, createdAt, updatedAt }: KeptReward) => ({
  rewardId: id,
  revision,
  status,
  ...definition,
  stockLeft,
  createdAt,
  updatedAt,
});

const STATUS_ROUTES = [
  { deed: 'activate', status: 'active', summary: 'Puts a reward into the catalogue' },
  { deed: 'archive', status: 'archived', summary: 'Takes a reward out of the catalogue; claims made stand' },
] as const;

/** The rewards catalogue, for those who keep it. */
export const rewardRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;

  app.get(
    '/v1/rewards',
    {
      schema: {
        tags,
        summary: 'All rewards, in the order in which they were made',
        querystring: RewardsQuery,
        response: { 200: RewardPage },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { cursor, limit, status } = request.query;
      const page = { ...(cursor ? { afterId: cursor } : {}), ...(status ? { status } : {}), limit: limit + 1 };
      const found = await listRewards(sql, page);
      const rewards = found.slice(0, limit);
      const last = found.length > limit ? rewards.at(-1) : undefined;
      return { rewards: rewards.map(bodyOf), ...(last ? { nextCursor: last.id } : {}) };
    },
  );

  app.get(
    '/v1/rewards/:rewardId',
    {
      schema: { tags, summary: 'One reward', params: RewardParams, response: { 200: RewardView } },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const found = await findReward(sql, request.params.rewardId);
      if (!found) throw rewardNotFound();
      return bodyOf(found);
    },
  );

  app.post(
    '/v1/rewards',
    {
      schema: { tags, summary: 'Adds a reward as a draft', body: RewardBody, response: { 201: RewardView } },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 201, async (tx) =>
        bodyOf(await createReward(tx, request.body, callOf(request, clock))),
      ),
  );

  app.put(
    '/v1/rewards/:rewardId',
    {
      schema: {
        tags,
        summary: 'Changes a reward; claims made keep their price. 409 ledger.stock_below_taken',
        params: RewardParams,
        body: RewardBody,
        response: { 200: RewardView },
      },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) =>
        bodyOf(await editReward(tx, request.params.rewardId, request.body, callOf(request, clock))),
      ),
  );

  for (const { deed, status, summary } of STATUS_ROUTES)
    app.post(
      `/v1/rewards/:rewardId/${deed}`,
      {
        schema: { tags, summary, params: RewardParams, response: { 200: RewardView } },
        config: { scope: 'ledger:admin' },
      },
      (request, reply) =>
        idempotent(context, request, reply, 200, async (tx) =>
          bodyOf(await setRewardStatus(tx, request.params.rewardId, status, callOf(request, clock))),
        ),
    );
};
