import type { HttpApp, ServiceContext } from '@vafa/platform';
import type { TSchema } from 'typebox';
import { COLUMNS } from '../domain/finance/movement.ts';
import { DIMENSIONS, type Dimension, type Figures } from '../domain/finance/roll-forward.ts';
import { rowsInMoney } from '../domain/finance/rows-in-money.ts';
import { inMoney } from '../domain/finance/value.ts';
import type { PointValue } from '../domain/points-payment.ts';
import { explanationOf } from '../domain/rules/explanation.ts';
import { isoOf } from '../store/instants.ts';
import { type EntryRow, readEntries } from '../store/read-entries.ts';
import type { CurrentRules } from '../use-cases/current-programme.ts';
import { type FinanceContext, readLiability, readRollForward } from '../use-cases/read-finance.ts';
import { FileAnswer, pagesOf, type Row, sendFile, tableAnswer } from './export.ts';
import { EntriesQuery, LiabilityBody, LiabilityQuery, RollForwardBody, RollForwardQuery } from './finance-schemas.ts';

const tags = ['finance'];
const FIGURES = ['opening', ...COLUMNS, 'closing'] as const;

const moneyOf = (points: Figures, values: readonly PointValue[]) =>
  values.map((value) => ({ currency: value.currency, ...inMoney(points, value) }));

/** The same of the rows of a month, which add up to it; by row. */
const moneyOfRows = (rows: readonly { points: Figures }[], values: readonly PointValue[]) => {
  const figures = rows.map(({ points }) => points);
  const told = values.map((value) => ({ currency: value.currency, rows: rowsInMoney(figures, value) }));
  return rows.map((_, i) => told.map(({ currency, rows }) => ({ currency, ...(rows[i] as Figures) })));
};

const contextOf = ({ zone, programmeVersion, asOf, closedUntil }: FinanceContext) => ({
  ...zone,
  programmeVersion,
  asOf,
  closedUntil,
});

type RollForward = Awaited<ReturnType<typeof readRollForward>>;

const rollForwardBody = ({ months, values, ...context }: RollForward) => ({
  ...contextOf({ values, ...context }),
  months: months.map(({ rows, total, ...month }) => {
    const money = moneyOfRows(rows, values);
    return {
      ...month,
      rows: rows.map((row, i) => ({ ...row, money: money[i] ?? [] })),
      total: { points: total, money: moneyOf(total, values) },
    };
  }),
});

/** Column of a figure in money, e.g. `closing_IRR`. */
const moneyColumn = (figure: string, { currency }: { currency: string }): string => `${figure}_${currency}`;

/** One line per month and row; `unit` of money are minor units. */
const rollForwardTable = ({ months, values }: RollForward, by: readonly Dimension[]) => ({
  columns: [
    'month',
    'closed',
    ...DIMENSIONS.filter((dimension) => by.includes(dimension)),
    ...FIGURES,
    ...values.flatMap((value) => FIGURES.map((figure) => moneyColumn(figure, value))),
  ],
  rows: months.flatMap(({ month, closed, rows }) => {
    const money = moneyOfRows(rows, values);
    return rows.map(({ points, ...key }, i): Row => {
      const worth = (money[i] ?? []).flatMap((each) =>
        FIGURES.map((figure) => [moneyColumn(figure, each), each[figure]]),
      );
      return { month, closed, ...key, ...points, ...Object.fromEntries(worth) };
    });
  }),
});

type Liabilities = Awaited<ReturnType<typeof readLiability>>;

const rounded = (rate: number): number => Math.round(rate * 1e6) / 1e6;

const liabilityBody = (report: Liabilities) => {
  const { outstanding, owed, breakage, liabilities, openMonth } = report;
  const { noEstimate, redemptionRate, development, cohorts, expectedRedeemed, breakageRate } = breakage;
  return {
    ...contextOf(report),
    openMonth,
    points: { outstanding, owed, expectedRedeemed, breakage: outstanding - expectedRedeemed },
    breakageRate: rounded(breakageRate),
    liabilities,
    estimate: {
      noEstimate,
      redemptionRate: redemptionRate === null ? null : rounded(redemptionRate),
      tail: development?.tail ?? null,
      factors: (development?.factors ?? []).map(({ factor, ...each }) => ({ ...each, factor: rounded(factor) })),
      cohorts: cohorts.map((each) => ({
        ...each,
        developed: each.developed === null ? null : rounded(each.developed),
      })),
    },
  };
};

const LIABILITY_COLUMNS = [
  'month',
  'ageMonths',
  'redeemed',
  'expired',
  'outstanding',
  'developed',
  'method',
  'expectedRedeemed',
];

const ENTRY_COLUMNS = [
  'entryId',
  'customerId',
  'number',
  'kind',
  'debit',
  'credit',
  'amount',
  'balanceAfter',
  'occurredAt',
  'recordedAt',
  'orderId',
  'refundId',
  'reservationId',
  'lotId',
  'reversesId',
  'pairId',
  'ruleId',
  'ruleVersion',
  'explanation',
  'actor',
  'reason',
];

const entryOf = ({ occurredAt, recordedAt, explanation, ...entry }: EntryRow): Row => ({
  ...entry,
  explanation: explanationOf({ ...entry, points: entry.amount, explanation })?.text ?? null,
  occurredAt: isoOf(occurredAt),
  recordedAt: isoOf(recordedAt),
});

async function* mapped<From, To>(pages: AsyncIterable<readonly From[]>, map: (row: From) => To): AsyncGenerator<To[]> {
  for await (const page of pages) yield page.map(map);
}

/** A table that is in memory already. */
async function* onePage(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  yield rows;
}

/** How each of these is asked for. */
const asked = <Query extends TSchema, Answer>(summary: string, querystring: Query, answer: Answer) => ({
  schema: { tags, summary, querystring, response: { 200: answer } },
  config: { scope: 'finance:read' as const },
});

/** What accountants ask of the ledger. */
export const financeRoutes = (app: HttpApp, context: ServiceContext, deps: { currentRules: CurrentRules }): void => {
  const { sql, clock } = context;

  app.get(
    '/v1/finance/roll-forward',
    asked(
      'Opening, issued, redeemed, expired, adjusted and closing points per month, in points and in money',
      RollForwardQuery,
      tableAnswer(RollForwardBody),
    ),
    async (request, reply) => {
      const { from, to, by: dimensions, format, bom } = request.query;
      const by = (dimensions?.split(',') ?? []) as Dimension[];
      const { programme } = await deps.currentRules(sql);
      const report = await readRollForward(sql, clock.now(), programme, { from, to, by });
      if (format === 'json') return rollForwardBody(report);
      const { columns, rows } = rollForwardTable(report, by);
      return sendFile(reply, 'roll-forward', { format, bom, columns, pages: onePage(rows) }) as never;
    },
  );

  app.get(
    '/v1/finance/liability',
    asked(
      'What outstanding points will cost: outstanding × value of a point × (1 - estimated breakage)',
      LiabilityQuery,
      tableAnswer(LiabilityBody),
    ),
    async (request, reply) => {
      const { format, bom } = request.query;
      const { programme } = await deps.currentRules(sql);
      const body = liabilityBody(await readLiability(sql, clock.now(), programme));
      if (format === 'json') return body;
      const pages = onePage(body.estimate.cohorts);
      return sendFile(reply, 'liability', { format, bom, columns: LIABILITY_COLUMNS, pages }) as never;
    },
  );

  app.get(
    '/v1/finance/entries',
    asked(
      'Every entry of the book as a file, in the order of its time: those recorded until now',
      EntriesQuery,
      FileAnswer,
    ),
    async (request, reply) => {
      const { from = null, until = null, cursor = null, format, bom } = request.query;
      const range = { from, until, recordedByMs: clock.now().epochMilliseconds };
      const pages = pagesOf(
        cursor,
        (afterId, limit) => readEntries(sql, range, { afterId, limit }),
        ({ entryId }) => entryId as string | null,
      );
      return sendFile(reply, 'entries', {
        format,
        bom,
        columns: ENTRY_COLUMNS,
        pages: mapped(pages, entryOf),
      }) as never;
    },
  );
};
