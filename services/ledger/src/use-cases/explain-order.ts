import { readKeepingPlans, type Sql } from '@vafa/bus';
import { AppError } from '@vafa/kernel';
import { lotAt } from '../domain/lot-at.ts';
import { explanationOf } from '../domain/rules/explanation.ts';
import { isoOf, textOf } from '../store/instants.ts';
import {
  findOrder,
  type OrderEntryRow,
  type OrderRefundRow,
  readOrderEntries,
  readOrderRefunds,
} from '../store/read-earnings.ts';

const notFound = (): AppError =>
  new AppError('not_found', 'ledger.order_not_found', 'the ledger knows no order of this id');

const defined = <Fields extends Record<string, unknown>>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    [Name in keyof Fields]?: NonNullable<Fields[Name]>;
  };

/** The lot that an entry brought, at an instant. */
const lotOf = ({ entryId, lot }: OrderEntryRow, nowMs: number) => {
  if (lot === null) return {};
  const { payingOff: _, keptUntilMs, pendingUntilMs, awaits, ...points } = lotAt(lot, nowMs);
  const times = { expiresAt: textOf(keptUntilMs), pendingUntil: textOf(pendingUntilMs) };
  return { lot: { lotId: entryId, ...points, ...times, ...defined({ awaits }) } };
};

const earningOf = (entry: OrderEntryRow, nowMs: number) => ({
  entryId: entry.entryId,
  points: entry.points,
  occurredAt: isoOf(entry.occurredAt),
  recordedAt: isoOf(entry.recordedAt),
  ...defined({ ruleId: entry.ruleId, ruleVersion: entry.ruleVersion, explanation: explanationOf(entry) }),
  ...lotOf(entry, nowMs),
});

const takenBackOf = ({ entryId, points, occurredAt, refundId, reversesId }: OrderEntryRow) => ({
  entryId,
  points: -points,
  occurredAt: isoOf(occurredAt),
  ...defined({ refundId, reversesId }),
});

const refundOf = ({ refundId, scope, status, note, ...row }: OrderRefundRow, orderId: string) => {
  const { occurredAt, matches, openUntil, unmatchedMinor } = row;
  const match = matches?.find(([id]) => id === orderId);
  return {
    refundId,
    scope,
    status,
    occurredAt: isoOf(occurredAt),
    amountMinor: match?.[1] ?? 0,
    pointsDue: match?.[2] ?? 0,
    pointsTaken: match?.[3] ?? 0,
    pointsGivenBack: match?.[4] ?? 0,
    ...(unmatchedMinor > 0 ? { unmatchedMinor } : {}),
    ...defined({ note, openUntil: openUntil && isoOf(openUntil) }),
  };
};

/**
 * Why an order earned what it did: the entries with their rules, what became of their points, and which refund took how much
 * of them back; or why it earned nothing. What is left of its points is told as of an instant.
 * @throws AppError not_found `ledger.order_not_found`
 */
export const explainOrder = (sql: Sql, orderId: string, now: Temporal.Instant) =>
  readKeepingPlans(sql, async (tx) => {
    const order = await findOrder(tx, orderId);
    if (!order) throw notFound();
    const [entries, refunds] = await Promise.all([readOrderEntries(tx, order), readOrderRefunds(tx, order)]);
    const { note, programmeVersion, occurredAt, recordedAt, ...told } = order;
    return {
      ...told,
      occurredAt: isoOf(occurredAt),
      recordedAt: isoOf(recordedAt),
      ...defined({ note, programmeVersion }),
      earnings: entries.filter(({ kind }) => kind === 'earn').map((entry) => earningOf(entry, now.epochMilliseconds)),
      takenBack: entries.filter(({ kind }) => kind === 'clawback').map(takenBackOf),
      refunds: refunds.map((refund) => refundOf(refund, orderId)),
    };
  });
