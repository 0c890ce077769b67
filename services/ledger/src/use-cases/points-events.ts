import {
  type EventEnvelope,
  event,
  PointsAdjusted,
  PointsClawedBack,
  PointsEarned,
  PointsExpired,
  PointsRedeemed,
  PointsReleased,
} from '@vafa/contracts';
import { idFrom } from '@vafa/kernel';
import { type Book, findLot } from '../domain/book.ts';
import { signedPoints, type Transfer } from '../domain/transfer.ts';
import { isoOfMs } from '../store/instants.ts';

export const SOURCE = '/vafa/ledger';

const REASONS = {
  earn: 'purchase',
  clawback: 'refund',
  redeem: 'redeemed',
  expire: 'expired',
  adjust: 'adjusted by hand',
  transfer_out: 'merged into another customer',
  transfer_in: 'merged from another customer',
  forfeit: 'forfeited',
  write_off: 'deficit written off',
} as const;

/** Why, for people: what was said, or else what the kind means. */
export const reasonOf = ({ kind, reason }: Pick<Transfer, 'kind' | 'reason'>): string => reason ?? REASONS[kind];

/** That a purchase brought points. */
export const earnedEvent = (earning: {
  id: string;
  customerId: string;
  points: number;
  balanceAfter: number;
  occurredAt: string;
  orderId?: string | undefined;
  ruleId?: string | undefined;
  expiresAtMs: number | null;
  traceparent?: string | undefined;
}): EventEnvelope => {
  const { id, customerId, points, balanceAfter, occurredAt, orderId, ruleId, expiresAtMs, traceparent } = earning;
  return event(
    PointsEarned,
    { id, source: SOURCE, time: occurredAt, traceparent },
    {
      customerId,
      entryId: id,
      points,
      balanceAfter,
      reason: REASONS.earn,
      ...(orderId === undefined ? {} : { orderId }),
      ...(ruleId === undefined ? {} : { ruleId }),
      ...(expiresAtMs === null ? {} : { expiresAt: isoOfMs(expiresAtMs) }),
    },
  );
};

/** What the other services are told of a transfer; nothing of those that only move or forget. */
const eventOf = (transfer: Transfer, expiresAtMs: number | null): EventEnvelope | undefined => {
  const { id, customerId, kind, amount, balanceAfter, orderId, refundId, reservationId, occurredAt, traceparent } =
    transfer;
  const envelope = { id, source: SOURCE, time: occurredAt, traceparent };
  const data = { customerId, entryId: id, points: amount, balanceAfter, reason: reasonOf(transfer) };
  const order = orderId === undefined ? {} : { orderId };
  switch (kind) {
    case 'earn':
      return earnedEvent({ ...transfer, points: amount, expiresAtMs });
    case 'clawback':
      return event(PointsClawedBack, envelope, { ...data, ...order, refundId: refundId ?? id });
    case 'redeem':
      return event(PointsRedeemed, envelope, { ...data, ...order, reservationId: reservationId ?? id });
    case 'expire':
      return event(PointsExpired, envelope, data);
    case 'adjust':
      return event(PointsAdjusted, envelope, { ...data, points: signedPoints(transfer) });
    default:
      return undefined;
  }
};

/** The events of a book's transfers, in their order. */
export const eventsOf = (book: Book): EventEnvelope[] =>
  book.transfers.flatMap((transfer) => {
    const expiresAtMs = findLot(book, transfer.customerId, transfer.id)?.expiresAtMs ?? null;
    return eventOf(transfer, expiresAtMs) ?? [];
  });

/** Points of a reservation that are free again. They never left the account, so there is no transfer to tell of. */
export const releasedEvent = (
  fields: { reservationId: string; customerId: string; points: number; balanceAfter: number; reason: string },
  time: string,
  traceparent?: string,
): EventEnvelope => {
  const id = idFrom('points.released', fields.reservationId);
  return event(PointsReleased, { id, source: SOURCE, time, traceparent }, { entryId: id, ...fields });
};
