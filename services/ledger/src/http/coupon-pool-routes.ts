import { Readable } from 'node:stream';
import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import Type from 'typebox';
import { displayOf, normaliseCode } from '../domain/coupons/code.ts';
import { countPool, findPool, type KeptPool, listPools } from '../store/coupon-pools.ts';
import { findOrdersOf } from '../store/coupon-redemptions.ts';
import { findCoupon, findDisplays, type KeptCoupon } from '../store/coupons.ts';
import { isoOfMs } from '../store/instants.ts';
import { createPool, editPool, orderCodes, poolNotFound, setPoolStatus } from '../use-cases/change-pool.ts';
import { uploadCodes } from '../use-cases/upload-codes.ts';
import { statusAt } from '../use-cases/view-redemption.ts';
import { couponNotFound, voidCode } from '../use-cases/void-code.ts';
import { callOf } from './call.ts';
import { exportCodes } from './code-export.ts';
import {
  CodeParams,
  CouponView,
  ExportQuery,
  OrderCodesBody,
  PoolBody,
  PoolPage,
  PoolParams,
  PoolSettingsBody,
  PoolsQuery,
  PoolView,
  PoolWithCounts,
  UploadedBody,
} from './coupon-schemas.ts';
import { FileAnswer } from './export.ts';
import { readUpload, UPLOAD_TYPES, uploadTypeOf } from './uploaded-codes.ts';

const tags = ['coupon pools'];
/** Some 50,000 codes with their customers. */
const UPLOAD_LIMIT_BYTES = 4_194_304;
const MAX_ORDERS_TOLD = 100;

const bodyOf = ({ id, ...pool }: KeptPool) => ({ poolId: id, ...pool });

const couponOf = (coupon: KeptCoupon, display: string) => ({
  code: display,
  poolId: coupon.poolId,
  ...(coupon.customerId === null ? {} : { customerId: coupon.customerId }),
  ...(coupon.claimId === null ? {} : { claimId: coupon.claimId }),
  maxUses: coupon.maxUses,
  reserved: coupon.reserved,
  redeemed: coupon.redeemed,
  voided: coupon.voided,
  ...(coupon.expiresAtMs === null ? {} : { expiresAt: isoOfMs(coupon.expiresAtMs) }),
});

const STATUS_ROUTES = [
  { deed: 'pause', status: 'paused', summary: 'Lets the coupons of a pool not be used for now' },
  { deed: 'resume', status: 'active', summary: 'Lets the coupons of a pool be used again' },
] as const;

/** Pools of coupons and their codes, for those who keep them. */
export const couponPoolRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;

  app.get(
    '/v1/coupon-pools',
    {
      schema: {
        tags,
        summary: 'All pools, in the order in which they were made',
        querystring: PoolsQuery,
        response: { 200: PoolPage },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const found = await listPools(sql, { ...(cursor ? { afterId: cursor } : {}), limit: limit + 1 });
      const pools = found.slice(0, limit);
      const last = found.length > limit ? pools.at(-1) : undefined;
      return { pools: pools.map(bodyOf), ...(last ? { nextCursor: last.id } : {}) };
    },
  );

  app.get(
    '/v1/coupon-pools/:poolId',
    {
      schema: {
        tags,
        summary: 'One pool and what its codes came to; reads every code, so not for every second',
        params: PoolParams,
        response: { 200: PoolWithCounts },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const found = await findPool(sql, request.params.poolId);
      if (!found) throw poolNotFound();
      return { ...bodyOf(found), counts: await countPool(sql, found.id, clock.now().toString()) };
    },
  );

  app.post(
    '/v1/coupon-pools',
    {
      schema: { tags, summary: 'Adds a pool without codes', body: PoolBody, response: { 201: PoolView } },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 201, async (tx) =>
        bodyOf(await createPool(tx, request.body, callOf(request, clock))),
      ),
  );

  app.put(
    '/v1/coupon-pools/:poolId',
    {
      schema: {
        tags,
        summary: 'Changes what the coupons of a pool give, of codes that are out there too',
        params: PoolParams,
        body: PoolSettingsBody,
        response: { 200: PoolView },
      },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) =>
        bodyOf(await editPool(tx, request.params.poolId, request.body, callOf(request, clock))),
      ),
  );

  for (const { deed, status, summary } of STATUS_ROUTES)
    app.post(
      `/v1/coupon-pools/:poolId/${deed}`,
      {
        schema: { tags, summary, params: PoolParams, response: { 200: PoolView } },
        config: { scope: 'ledger:admin' },
      },
      (request, reply) =>
        idempotent(context, request, reply, 200, async (tx) =>
          bodyOf(await setPoolStatus(tx, request.params.poolId, status, callOf(request, clock))),
        ),
    );

  app.post(
    '/v1/coupon-pools/:poolId/generate',
    {
      schema: {
        tags,
        summary: 'Orders more codes; they are made soon after. 422 ledger.codes_guessable tells how many # are needed',
        params: PoolParams,
        body: OrderCodesBody,
        response: { 202: PoolView },
      },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 202, async (tx) =>
        bodyOf(await orderCodes(tx, request.params.poolId, request.body.codes, callOf(request, clock))),
      ),
  );

  // Only the upload takes them: everywhere else a text is no body that a schema lets through.
  app.addContentTypeParser([...UPLOAD_TYPES], { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });

  app.post(
    '/v1/coupon-pools/:poolId/codes',
    {
      bodyLimit: UPLOAD_LIMIT_BYTES,
      schema: {
        tags,
        summary:
          'Adds codes made elsewhere, 50000 at a time: CSV with a heading code[,customerId][,expiresAt], or NDJSON',
        consumes: [...UPLOAD_TYPES],
        params: PoolParams,
        body: Type.String(),
        response: { 200: UploadedBody },
      },
      config: { scope: 'ledger:admin' },
      // Before the body is read: what is of another type is told so, whatever it has in it.
      onRequest: async (request) => {
        uploadTypeOf(request.headers['content-type']);
      },
    },
    (request, reply) => {
      const rows = readUpload(request.body, request.headers['content-type']);
      return idempotent(context, request, reply, 200, (tx) =>
        uploadCodes(tx, request.params.poolId, rows, callOf(request, clock)),
      );
    },
  );

  app.get(
    '/v1/coupon-pools/:poolId/codes',
    {
      schema: {
        tags,
        summary: 'Every code of a pool with its state, as a file',
        params: PoolParams,
        querystring: ExportQuery,
        response: { 200: FileAnswer },
      },
      config: { scope: 'ledger:admin' },
    },
    async (request, reply) => {
      const { format } = request.query;
      const pool = await findPool(sql, request.params.poolId);
      if (!pool) throw poolNotFound();
      reply.type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson');
      reply.header('content-disposition', `attachment; filename="codes-${pool.id}.${format}"`);
      return reply.send(Readable.from(exportCodes(sql, pool, format, clock.now().epochMilliseconds)) as never);
    },
  );

  app.get(
    '/v1/coupons/:code',
    {
      schema: { tags, summary: 'One code, as typed', params: CodeParams, response: { 200: CouponView } },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const code = normaliseCode(request.params.code);
      const [found, [display], orders] = await Promise.all([
        findCoupon(sql, code),
        findDisplays(sql, [code]),
        findOrdersOf(sql, code, MAX_ORDERS_TOLD),
      ]);
      if (!found || !display) throw couponNotFound();
      const nowMs = clock.now().epochMilliseconds;
      const told = orders.map(({ expiresAtMs, ...order }) => ({
        ...order,
        status: statusAt({ ...order, expiresAtMs }, nowMs),
      }));
      return { ...couponOf(found, displayOf(code, display.shown, display.pattern)), orders: told };
    },
  );

  app.post(
    '/v1/coupons/:code/void',
    {
      schema: { tags, summary: 'Lets a code never be used again', params: CodeParams, response: { 200: CouponView } },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 200, async (tx) => {
        const { coupon, display } = await voidCode(tx, request.params.code, callOf(request, clock));
        return couponOf(coupon, display);
      }),
  );
};
