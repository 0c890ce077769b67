import { type HttpApp, idempotent, type ServiceContext } from '@vafa/platform';
import { isoOf } from '../store/instants.ts';
import { readBalance } from '../store/read-balance.ts';
import { readStatement, type StatementRow } from '../store/read-statement.ts';
import { viewOf } from '../use-cases/account-view.ts';
import { adjustPoints } from '../use-cases/adjust-points.ts';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import { reasonOf } from '../use-cases/points-events.ts';
import { callOf } from './call.ts';
import { AdjustBody, AdjustedBody, Balance, CustomerParams, StatementPage, StatementQuery } from './schemas.ts';

const tags = ['customers'];

const present = <Fields extends Record<string, unknown>>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    [Name in keyof Fields]?: NonNullable<Fields[Name]>;
  };

const entryOf = ({
  seq: _,
  occurredAt,
  recordedAt,
  entryId,
  kind,
  points,
  balanceAfter,
  reason,
  ...references
}: StatementRow) => ({
  entryId,
  kind,
  points,
  balanceAfter,
  occurredAt: isoOf(occurredAt),
  recordedAt: isoOf(recordedAt),
  reason: reasonOf(reason === null ? { kind } : { kind, reason }),
  ...present(references),
});

/** What a customer has, how that came about, and corrections. */
export const customerRoutes = (app: HttpApp, context: ServiceContext, deps: { currentRules: CurrentRules }): void => {
  const { sql, clock } = context;

  app.get(
    '/v1/customers/:customerId/balance',
    {
      schema: {
        tags,
        summary: 'What a customer has now; 0 of everything when nothing is known of it',
        params: CustomerParams,
        response: { 200: Balance },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { customerId, account, nextExpiration } = await readBalance(sql, request.params.customerId, clock.now());
      return { customerId, ...viewOf(account), nextExpiration };
    },
  );

  app.get(
    '/v1/customers/:customerId/statement',
    {
      schema: {
        tags,
        summary: 'Every movement of points with the running balance, newest first',
        params: CustomerParams,
        querystring: StatementQuery,
        response: { 200: StatementPage },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const beforeSeq = cursor === undefined ? null : Number(cursor);
      // One more than asked for tells whether there is more.
      const found = await readStatement(sql, request.params.customerId, { beforeSeq, limit: limit + 1 });
      const rows = found.slice(0, limit);
      const last = found.length > limit ? rows.at(-1) : undefined;
      return { entries: rows.map(entryOf), ...(last ? { nextCursor: String(last.seq) } : {}) };
    },
  );

  app.post(
    '/v1/customers/:customerId/adjustments',
    {
      schema: {
        tags,
        summary: 'Corrects a balance by hand; the reason and the API key stay on record',
        params: CustomerParams,
        body: AdjustBody,
        response: { 201: AdjustedBody },
      },
      config: { scope: 'ledger:admin' },
    },
    (request, reply) =>
      idempotent(context, request, reply, 201, (tx) =>
        adjustPoints(tx, { customerId: request.params.customerId, ...request.body }, callOf(request, clock), deps),
      ),
  );
};
