import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { REQUEST_STATUSES } from '../store/schema.ts';
import { Account, Instant, KEEPABLE, keepable } from './schemas.ts';

const Uuid = Type.String({ format: 'uuid' });
const Reason = Type.String({ ...fields.Reason, pattern: KEEPABLE });

export const RequestParams = Type.Object({ requestId: Uuid });

export const RequestQuery = Type.Object({
  status: Type.Optional(fields.OneOf(REQUEST_STATUSES, 'Only these; the open ones are `pending`')),
  cursor: Type.Optional(Type.String({ format: 'uuid', description: 'nextCursor of the page before' })),
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
});

export const RequestBody = Type.Object({
  requestId: Uuid,
  customerId: Type.String(),
  points: Type.Integer({ description: 'Positive gives, negative takes' }),
  reason: Type.Optional(Type.String({ description: 'Absent once the customer was erased' })),
  maker: Type.String({ description: 'Id of the API key that asks' }),
  status: fields.OneOf(REQUEST_STATUSES),
  createdAt: Instant,
  expiresAt: Instant,
  decidedAt: Type.Optional(Instant),
  decidedBy: Type.Optional(Type.String({ description: 'Id of another API key; `clock` when time was up' })),
  decisionReason: Type.Optional(Type.String()),
  entryId: Type.Optional(Type.String({ description: 'The entry it became' })),
});

export const RequestPage = Type.Object({
  requests: Type.Array(RequestBody, { description: 'Oldest first' }),
  nextCursor: Type.Optional(Type.String()),
});

export const ApproveBody = Type.Optional(
  Type.Union([Type.Object({ reason: Type.Optional(Reason) }, { additionalProperties: false }), Type.Null()]),
);

export const ApprovedBody = Type.Object({ request: RequestBody, entryId: Type.String(), balance: Account });

export const RejectBody = Type.Object({ reason: Reason }, { additionalProperties: false });

export const TransferBody = Type.Object(
  { toCustomerId: keepable(fields.CustomerId), points: fields.PositivePoints, reason: Reason },
  { additionalProperties: false },
);

export const TransferredBody = Type.Object({
  transferId: Uuid,
  points: Type.Integer(),
  parts: Type.Array(
    Type.Object({
      points: Type.Integer(),
      expiresAt: Type.Union([Instant, Type.Null()], { description: 'As it was before; null = never' }),
      entryId: Type.String({ description: "The giver's entry" }),
      toEntryId: Type.String({ description: "The receiver's entry" }),
    }),
    { description: 'Points that expire together, earliest first' },
  ),
  balance: Account,
});
