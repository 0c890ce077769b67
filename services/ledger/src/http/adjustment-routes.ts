import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import type { AdjustmentRequest } from '../store/adjustment-requests.ts';
import { adjustPoints } from '../use-cases/adjust-points.ts';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import {
  approveAdjustment,
  getRequest,
  listRequests,
  needsApproval,
  rejectAdjustment,
  requestAdjustment,
  withdrawAdjustment,
} from '../use-cases/request-adjustment.ts';
import { transferPoints } from '../use-cases/transfer-points.ts';
import {
  ApproveBody,
  ApprovedBody,
  RejectBody,
  RequestBody,
  RequestPage,
  RequestParams,
  RequestQuery,
  TransferBody,
  TransferredBody,
} from './adjustment-schemas.ts';
import { callOf } from './call.ts';
import { AdjustBody, AdjustedBody, CustomerParams } from './schemas.ts';

const tags = ['adjustments'];

const bodyOf = ({ id, ...request }: AdjustmentRequest) => {
  const { reason, decidedAt, decidedBy, decisionReason, entryId, ...always } = request;
  return {
    requestId: id,
    ...always,
    ...(reason === null ? {} : { reason }),
    ...(decidedAt === null ? {} : { decidedAt }),
    ...(decidedBy === null ? {} : { decidedBy }),
    ...(decisionReason === null ? {} : { decisionReason }),
    ...(entryId === null ? {} : { entryId }),
  };
};

export interface AdjustmentDeps {
  currentRules: CurrentRules;
  /** How long somebody else has to decide. */
  requestTtlHours: number;
}

/** Corrections by hand, those that need a second person, and gifts from customer to customer. */
export const adjustmentRoutes = (app: HttpApp, context: ServiceContext, deps: AdjustmentDeps): void => {
  const { sql, clock } = context;

  app.post(
    '/v1/customers/:customerId/adjustments',
    {
      schema: {
        tags,
        summary:
          "Corrects a balance by hand; the reason and the API key stay on record. Above the programme's limit it is kept (202) until another API key approves it",
        params: CustomerParams,
        body: AdjustBody,
        response: { 201: AdjustedBody, 202: RequestBody },
      },
      config: { scope: 'ledger:admin' },
    },
    async (request, reply) => {
      const command = { customerId: request.params.customerId, ...request.body };
      const call = callOf(request, clock);
      return (await needsApproval(sql, command.points, deps))
        ? idempotent(context, request, reply, 202, async (tx) =>
            bodyOf(await requestAdjustment(tx, command, call, deps)),
          )
        : idempotent(context, request, reply, 201, (tx) => adjustPoints(tx, command, call, deps));
    },
  );

  app.get(
    '/v1/adjustment-requests',
    {
      schema: {
        tags,
        summary: 'Corrections that needed, or need, a second person',
        querystring: RequestQuery,
        response: { 200: RequestPage },
      },
      config: { scope: 'ledger:admin' },
    },
    async (request) => {
      const { status, cursor, limit } = request.query;
      const asked = { status: status ?? null, afterId: cursor ?? null, limit: limit + 1 };
      const found = await listRequests(sql, asked, clock.now());
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      return { requests: page.map(bodyOf), ...(last ? { nextCursor: last.id } : {}) };
    },
  );

  app.get(
    '/v1/adjustment-requests/:requestId',
    {
      schema: {
        tags,
        summary: 'One request and what came of it',
        params: RequestParams,
        response: { 200: RequestBody },
      },
      config: { scope: 'ledger:admin' },
    },
    async (request) => bodyOf(await getRequest(sql, request.params.requestId, clock.now())),
  );

  app.post(
    '/v1/adjustment-requests/:requestId/approve',
    {
      schema: {
        tags,
        summary: 'Books a correction that another API key asked for; the balance is looked at anew',
        params: RequestParams,
        body: ApproveBody,
        response: { 200: ApprovedBody },
      },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(
        context,
        request,
        reply,
        200,
        async (tx) => {
          const decision = { requestId: request.params.requestId, ...request.body };
          const { request: decided, adjusted } = await approveAdjustment(tx, decision, callOf(request, clock), deps);
          return { request: bodyOf(decided), entryId: adjusted.entryId, balance: adjusted.balance };
        },
        (approved) => approved.request.customerId,
      ),
  );

  app.post(
    '/v1/adjustment-requests/:requestId/reject',
    {
      schema: {
        tags,
        summary: 'Turns a correction down that another API key asked for',
        params: RequestParams,
        body: RejectBody,
        response: { 200: RequestBody },
      },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) =>
        bodyOf(
          await rejectAdjustment(
            tx,
            { requestId: request.params.requestId, reason: request.body.reason },
            callOf(request, clock),
          ),
        ),
      ),
  );

  app.post(
    '/v1/adjustment-requests/:requestId/withdraw',
    {
      schema: { tags, summary: 'Takes an own request back', params: RequestParams, response: { 200: RequestBody } },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) =>
        bodyOf(await withdrawAdjustment(tx, request.params.requestId, callOf(request, clock))),
      ),
  );

  app.post(
    '/v1/customers/:customerId/transfers',
    {
      schema: {
        tags,
        summary: 'Gives active points of one customer to another; they keep their expiry',
        params: CustomerParams,
        body: TransferBody,
        response: { 201: TransferredBody },
      },
      config: { scope: 'ledger:write' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 201, (tx) =>
        transferPoints(tx, { customerId: request.params.customerId, ...request.body }, callOf(request, clock), deps),
      ),
  );
};
