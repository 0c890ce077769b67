import { readKeepingPlans } from '@vafa/bus';
import type { HttpApp, ServiceContext } from '@vafa/platform';
import { explanationOf } from '../domain/rules/explanation.ts';
import { isoOf } from '../store/instants.ts';
import { readBalance } from '../store/read-balance.ts';
import { readStatement, type StatementRow } from '../store/read-statement.ts';
import { viewOf } from '../use-cases/account-view.ts';
import { reasonOf } from '../use-cases/points-events.ts';
import { filterOf } from './reading-routes.ts';
import { Balance, CustomerParams, StatementPage, StatementQuery } from './schemas.ts';

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
  pendingPoints,
  balanceAfter,
  reason,
  explanation,
  ...references
}: StatementRow) => ({
  entryId,
  kind,
  points,
  pendingPoints,
  balanceAfter,
  occurredAt: isoOf(occurredAt),
  recordedAt: isoOf(recordedAt),
  reason: reasonOf(reason === null ? { kind } : { kind, reason }),
  ...present(references),
  ...present({
    explanation: explanationOf({ kind, points: points + pendingPoints, explanation, ruleId: references.ruleId }),
  }),
});

/** What a customer has and how that came about. */
export const customerRoutes = (app: HttpApp, context: ServiceContext): void => {
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
      const { customerId } = request.params;
      const { account, ...rest } = await readKeepingPlans(sql, (tx) => readBalance(tx, customerId, clock.now()));
      return { ...rest, ...viewOf(account) };
    },
  );

  app.get(
    '/v1/customers/:customerId/statement',
    {
      schema: {
        tags,
        summary: 'Every movement of points with the running balance',
        params: CustomerParams,
        querystring: StatementQuery,
        response: { 200: StatementPage },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { cursor, limit, order, ...query } = request.query;
      // One more than asked for tells whether there is more.
      const page = { order, after: cursor === undefined ? null : Number(cursor), limit: limit + 1 };
      const found = await readStatement(sql, request.params.customerId, { ...page, ...filterOf(query) });
      const rows = found.slice(0, limit);
      const last = found.length > limit ? rows.at(-1) : undefined;
      return { entries: rows.map(entryOf), ...(last ? { nextCursor: String(last.seq) } : {}) };
    },
  );
};
