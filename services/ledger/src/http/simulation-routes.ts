import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import { listReplays } from '../store/replays.ts';
import { getDraft } from '../use-cases/change-draft.ts';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import { askForReplay, endReplay, getReplay, replayViewOf } from '../use-cases/replay-draft.ts';
import { simulateOrder } from '../use-cases/simulate-order.ts';
import { callOf } from './call.ts';
import { DraftParams } from './draft-schemas.ts';
import {
  Replay,
  ReplayBody,
  ReplayList,
  ReplayParams,
  SimulationBody,
  SimulationResult,
} from './simulation-schemas.ts';

const tags = ['programme'];
const MAX_REPLAYS = 50;

/** Trying a programme out before it is in force. */
export const simulationRoutes = (app: HttpApp, context: ServiceContext, deps: { currentRules: CurrentRules }): void => {
  const { sql, clock } = context;

  app.post(
    '/v1/programme/simulations',
    {
      schema: {
        tags,
        summary: 'What an order would earn, with the reason, by a draft, a version or what is in force; writes nothing',
        body: SimulationBody,
        response: { 200: SimulationResult },
      },
      config: { scope: 'ledger:read' },
    },
    (request) => {
      const { order, ...rest } = request.body;
      return simulateOrder(sql, { ...rest, order: { lines: [], ...order } }, clock.now(), deps);
    },
  );

  app.post(
    '/v1/programme/drafts/:draftId/replays',
    {
      schema: {
        tags,
        summary: 'Tries a draft on the orders of the last days, in the background; books nothing',
        params: DraftParams,
        body: ReplayBody,
        response: { 202: Replay },
      },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 202, (tx) =>
        askForReplay(tx, { draftId: request.params.draftId, days: request.body.days }, callOf(request, clock)),
      ),
  );

  app.get(
    '/v1/programme/drafts/:draftId/replays',
    {
      schema: { tags, summary: 'Replays of a draft', params: DraftParams, response: { 200: ReplayList } },
      config: { scope: 'ledger:admin' },
    },
    async (request) => {
      await getDraft(sql, request.params.draftId);
      return { replays: (await listReplays(sql, request.params.draftId, MAX_REPLAYS)).map(replayViewOf) };
    },
  );

  app.get(
    '/v1/programme/replays/:replayId',
    {
      schema: {
        tags,
        summary: 'How far a replay is and what it found',
        params: ReplayParams,
        response: { 200: Replay },
      },
      config: { scope: 'ledger:admin' },
    },
    async (request) => replayViewOf(await getReplay(sql, request.params.replayId)),
  );

  app.post(
    '/v1/programme/replays/:replayId/cancel',
    {
      schema: {
        tags,
        summary: 'Ends a replay before its end; what it found so far stays',
        params: ReplayParams,
        response: { 200: Replay },
      },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, (tx) => endReplay(tx, request.params.replayId, callOf(request, clock))),
  );
};
