import {
  type EventEnvelope,
  event,
  PointsActivated,
  PointsAdjusted,
  PointsClawedBack,
  PointsEarned,
  PointsExpired,
  PointsRedeemed,
  PointsReleased,
} from '@vafa/contracts';
import { idFrom } from '@vafa/kernel';
import type { Book } from '../domain/book.ts';
import { isNobody } from '../domain/plan.ts';
import { atOnce, type Terms } from '../domain/terms.ts';
import { signedPoints, type Transfer } from '../domain/transfer.ts';
import { isoOfMs } from '../store/instants.ts';

export const SOURCE = '/vafa/ledger';

const REASONS = {
  earn: 'purchase',
  activate: 'became spendable',
  clawback: 'refund',
  redeem: 'redeemed',
  redeem_reversal: 'given back with a refund',
  expire: 'expired',
  expire_reversal: 'refunded before it expired',
  adjust: 'adjusted by hand',
  transfer_out: 'to another customer',
  transfer_in: 'from another customer',
  forfeit: 'forfeited',
  write_off: 'deficit written off',
} as const;

/** Why, for people: what was said, or else what the kind means. */
export const reasonOf = ({ kind, reason }: Pick<Transfer, 'kind' | 'reason'>): string => reason ?? REASONS[kind];

/** That a purchase, or something that a rule rewards, brought points. */
export const earnedEvent = (earning: {
  id: string;
  customerId: string;
  points: number;
  balanceAfter: number;
  occurredAt: string;
  orderId?: string | undefined;
  ruleId?: string | undefined;
  /** Of what no order earned. */
  reason?: string | undefined;
  terms: Terms;
  traceparent?: string | undefined;
}): EventEnvelope => {
  const { id, customerId, points, balanceAfter, occurredAt, orderId, ruleId, reason, terms, traceparent } = earning;
  const { expiresAtMs, pendingUntilMs, awaits } = terms;
  return event(
    PointsEarned,
    { id, source: SOURCE, time: occurredAt, traceparent },
    {
      customerId,
      entryId: id,
      points,
      balanceAfter,
      reason: reason ?? REASONS.earn,
      ...(orderId === undefined ? {} : { orderId }),
      ...(ruleId === undefined ? {} : { ruleId }),
      ...(pendingUntilMs === null || awaits !== null ? {} : { activatesAt: isoOfMs(pendingUntilMs) }),
      ...(expiresAtMs === null ? {} : { expiresAt: isoOfMs(expiresAtMs) }),
    },
  );
};

const NO_TERMS = atOnce({ expiresAtMs: null, sliding: 'always' });

/** What the other services are told of a transfer; nothing of those that only move or forget. */
const eventOf = (transfer: Transfer): EventEnvelope | undefined => {
  const { id, customerId, kind, amount, balanceAfter, orderId, refundId, reservationId, occurredAt, traceparent } =
    transfer;
  const { terms = NO_TERMS } = transfer;
  const envelope = { id, source: SOURCE, time: occurredAt, traceparent };
  const data = { customerId, entryId: id, points: amount, balanceAfter, reason: reasonOf(transfer) };
  const order = orderId === undefined ? {} : { orderId };
  switch (kind) {
    case 'earn':
      return earnedEvent({ ...transfer, points: amount, terms });
    case 'activate':
      return event(PointsActivated, envelope, data);
    case 'clawback':
      return event(PointsClawedBack, envelope, { ...data, ...order, refundId: refundId ?? id });
    case 'redeem':
      return event(PointsRedeemed, envelope, { ...data, ...order, reservationId: reservationId ?? id });
    case 'expire':
      return event(PointsExpired, envelope, data);
    case 'redeem_reversal':
      return event(PointsReleased, envelope, { ...data, reservationId: reservationId ?? id });
    case 'expire_reversal':
      return event(PointsAdjusted, envelope, data);
    case 'adjust':
      return event(PointsAdjusted, envelope, { ...data, points: signedPoints(transfer) });
    case 'transfer_out':
    case 'transfer_in':
      // A gift has somebody who made it; of a merger everybody hears by itself.
      return transfer.actor === undefined
        ? undefined
        : event(PointsAdjusted, envelope, { ...data, points: signedPoints(transfer) });
    default:
      return undefined;
  }
};

/** The events of a book's transfers from one of them on, in their order. Nobody is told of points that are kept for nobody. */
export const eventsOf = (book: Book, from = 0): EventEnvelope[] =>
  book.transfers.slice(from).flatMap((transfer) => {
    if (isNobody(transfer.customerId)) return [];
    return eventOf(transfer) ?? [];
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
