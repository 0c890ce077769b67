import { AppError } from '@vafa/kernel';
import type { HttpApp, ServiceContext } from '@vafa/platform';
import { lotAt } from '../domain/lot-at.ts';
import { explanationOf } from '../domain/rules/explanation.ts';
import type { TransferKind } from '../domain/transfer.ts';
import { isoOf, isoOfMs, textOf } from '../store/instants.ts';
import type { LotCursor, LotRow, LotState } from '../store/read-lots.ts';
import { readStatement, type StatementRow } from '../store/read-statement.ts';
import { explainOrder } from '../use-cases/explain-order.ts';
import { listLots } from '../use-cases/list-lots.ts';
import { reasonOf } from '../use-cases/points-events.ts';
import { FileAnswer, pagesOf, type Row, sendFile } from './export.ts';
import { LotPage, LotsQuery, OrderEarningsBody, OrderParams, StatementExportQuery } from './reading-schemas.ts';
import { CustomerParams } from './schemas.ts';

const STATEMENT_COLUMNS = [
  'number',
  'entryId',
  'kind',
  'points',
  'pendingPoints',
  'balanceAfter',
  'occurredAt',
  'recordedAt',
  'reason',
  'orderId',
  'refundId',
  'reservationId',
  'lotId',
  'reversesId',
  'ruleId',
  'ruleVersion',
  'explanation',
  'actor',
];

const statementRow = ({ seq, occurredAt, recordedAt, kind, reason, explanation, ...entry }: StatementRow): Row => ({
  number: seq,
  ...entry,
  kind,
  occurredAt: isoOf(occurredAt),
  recordedAt: isoOf(recordedAt),
  reason: reasonOf(reason === null ? { kind } : { kind, reason }),
  explanation: explanationOf({ ...entry, kind, points: entry.points + entry.pendingPoints, explanation })?.text ?? null,
});

/** Kinds as a query names them, and the time as the database reads it. */
export const filterOf = (query: {
  kind?: string | undefined;
  from?: string | undefined;
  until?: string | undefined;
}) => ({
  kinds: query.kind === undefined ? null : (query.kind.split(',') as TransferKind[]),
  from: query.from ?? null,
  until: query.until ?? null,
});

const cursorText = ({ expiresAtMs, pendingUntilMs, lotId }: LotRow, state: LotState): string =>
  `${(state === 'pending' ? pendingUntilMs : expiresAtMs) ?? 'never'}_${lotId}`;

/** The years 1 to 9999, in milliseconds since 1970. */
const [EARLIEST_MS, LATEST_MS] = [-62_135_596_800_000, 253_402_300_799_999];

/** @throws AppError invalid `http.invalid_request` for a time that no page can have ended at */
const readCursor = (text: string | undefined): LotCursor | null => {
  if (text === undefined) return null;
  const [at = '', lotId = ''] = text.split('_');
  const atMs = at === 'never' ? null : Number(at);
  if (atMs !== null && (atMs < EARLIEST_MS || atMs > LATEST_MS))
    throw new AppError('invalid', 'http.invalid_request', 'the querystring is not as it should be', {
      problems: [{ path: '/cursor', message: 'must be the nextCursor of a page' }],
    });
  return { atMs, lotId };
};

const lotOf = ({
  orderId,
  issuedAtMs,
  expiresAtMs: _,
  payingOff: _off,
  keptUntilMs,
  pendingUntilMs,
  awaits,
  ...lot
}: LotRow) => ({
  ...lot,
  ...(orderId === null ? {} : { orderId }),
  issuedAt: isoOfMs(issuedAtMs),
  expiresAt: textOf(keptUntilMs),
  pendingUntil: textOf(pendingUntilMs),
  ...(awaits === null ? {} : { awaits }),
});

async function* mapped(pages: AsyncIterable<readonly StatementRow[]>): AsyncGenerator<Row[]> {
  for await (const page of pages) yield page.map(statementRow);
}

/** What there is to read of a customer's and an order's points, beyond the balance. */
export const readingRoutes = (app: HttpApp, context: ServiceContext): void => {
  const { sql, clock } = context;

  app.get(
    '/v1/customers/:customerId/statement/export',
    {
      schema: {
        tags: ['customers'],
        summary: 'The whole statement as a file, oldest first',
        params: CustomerParams,
        querystring: StatementExportQuery,
        response: { 200: FileAnswer },
      },
      config: { scope: 'ledger:read' },
    },
    async (request, reply) => {
      const { format, bom, cursor, ...query } = request.query;
      const filter = filterOf(query);
      const pages = pagesOf(
        cursor === undefined ? 0 : Number(cursor),
        (after, limit) =>
          readStatement(sql, request.params.customerId, { order: 'oldest_first', after, limit, ...filter }),
        ({ seq }) => seq,
      );
      return sendFile(reply, 'statement', { format, bom, columns: STATEMENT_COLUMNS, pages: mapped(pages) }) as never;
    },
  );

  app.get(
    '/v1/customers/:customerId/lots',
    {
      schema: {
        tags: ['customers'],
        summary: 'The credits whose points are spent and expire together',
        params: CustomerParams,
        querystring: LotsQuery,
        response: { 200: LotPage },
      },
      config: { scope: 'ledger:read' },
    },
    async (request) => {
      const { state, cursor, limit } = request.query;
      const now = clock.now();
      const page = { after: readCursor(cursor), limit: limit + 1, now };
      const found = await listLots(sql, { ...request.params, state }, page);
      const rows = found.slice(0, limit);
      const last = found.length > limit ? rows.at(-1) : undefined;
      const lots = rows.map((row) => lotOf(lotAt(row, now.epochMilliseconds)));
      return { lots, ...(last ? { nextCursor: cursorText(last, state) } : {}) };
    },
  );

  app.get(
    '/v1/orders/:orderId/earnings',
    {
      schema: {
        tags: ['orders'],
        summary: 'Why an order earned what it did, and what was taken back of it',
        params: OrderParams,
        response: { 200: OrderEarningsBody },
      },
      config: { scope: 'ledger:read' },
    },
    (request) => explainOrder(sql, request.params.orderId, clock.now()) as never,
  );
};
