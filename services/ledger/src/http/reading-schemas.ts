import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { LOT_STATES } from '../store/read-lots.ts';
import { FileQuery } from './export.ts';
import { Explanation, Instant, StatementFilter } from './schemas.ts';

const Count = Type.Integer({ minimum: 0 });
const MaybeInstant = Type.Union([Instant, Type.Null()]);

export const StatementExportQuery = Type.Object({
  ...StatementFilter,
  cursor: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,15}$', description: 'number of the last line of a file that broke off' }),
  ),
  ...FileQuery,
});

export const LotsQuery = Type.Object({
  state: Type.Unsafe<(typeof LOT_STATES)[number]>({
    type: 'string',
    enum: [...LOT_STATES],
    default: 'open',
    description: 'open: spendable, earliest expiry first · pending: not spendable yet · all: newest first',
  }),
  cursor: Type.Optional(
    Type.String({
      pattern: '^(never|-?[0-9]{1,15})_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
      description: 'nextCursor of the page before',
    }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
});

export const LotPage = Type.Object({
  lots: Type.Array(
    Type.Object({
      lotId: Type.String({ description: 'Also the entry that brought the points' }),
      kind: Type.String({ description: 'Kind of that entry' }),
      orderId: Type.Optional(Type.String()),
      issuedAt: Instant,
      granted: Count,
      remaining: Type.Integer({ minimum: 0, description: 'Spendable; points held by reservations are not' }),
      pending: Type.Integer({ minimum: 0, description: 'Not spendable yet' }),
      absorbed: Type.Integer({ minimum: 0, description: 'Paid off what was owed' }),
      expired: Count,
      expiresAt: MaybeInstant,
      pendingUntil: Type.Union([Instant, Type.Null()], {
        description: 'While pending: when the points become spendable or, where they await something, are lost',
      }),
      awaits: Type.Optional(Type.String({ description: 'Type of the interaction that pending points await' })),
    }),
  ),
  nextCursor: Type.Optional(Type.String()),
});

export const OrderParams = Type.Object({ orderId: fields.OrderId });

export const OrderEarningsBody = Type.Object({
  orderId: Type.String(),
  customerId: Type.String(),
  occurredAt: Instant,
  recordedAt: Instant,
  currency: Type.String(),
  totalMinor: Type.Integer(),
  refundedMinor: Type.Integer(),
  pointsEarned: Type.Integer(),
  pointsTakenBack: Type.Integer(),
  note: Type.Optional(Type.String({ description: 'Why it earned nothing' })),
  programmeVersion: Type.Optional(Type.Integer()),
  earnings: Type.Array(
    Type.Object({
      entryId: Type.String(),
      points: Type.Integer(),
      occurredAt: Instant,
      recordedAt: Instant,
      ruleId: Type.Optional(Type.String()),
      ruleVersion: Type.Optional(Type.Integer()),
      explanation: Type.Optional(Explanation),
      lot: Type.Optional(
        Type.Object({
          lotId: Type.String(),
          granted: Count,
          remaining: Count,
          pending: Count,
          absorbed: Count,
          expired: Count,
          expiresAt: MaybeInstant,
          pendingUntil: MaybeInstant,
          awaits: Type.Optional(Type.String()),
        }),
      ),
    }),
    { description: 'One per rule that gave points' },
  ),
  takenBack: Type.Array(
    Type.Object({
      entryId: Type.String(),
      points: Type.Integer(),
      occurredAt: Instant,
      refundId: Type.Optional(Type.String()),
      reversesId: Type.Optional(Type.String({ description: 'The earning that it takes back' })),
    }),
  ),
  refunds: Type.Array(
    Type.Object({
      refundId: Type.String(),
      scope: Type.String(),
      status: Type.String(),
      occurredAt: Instant,
      amountMinor: Type.Integer({ description: 'Of this order' }),
      pointsDue: Type.Integer({ description: 'What that part of the order had earned' }),
      pointsTaken: Type.Integer(),
      pointsGivenBack: Type.Integer({ description: 'Of the points that had paid for the order' }),
      unmatchedMinor: Type.Optional(
        Type.Integer({ description: 'Of the whole refund: money that no order had, as of lines that none has' }),
      ),
      openUntil: Type.Optional(
        Type.String({
          format: 'date-time',
          description: 'It names no order and lacks something, which orders that come before this may have',
        }),
      ),
      note: Type.Optional(Type.String()),
    }),
  ),
});
