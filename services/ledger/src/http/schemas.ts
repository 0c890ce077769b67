import { fields } from '@vafa/contracts';
import Type from 'typebox';
import type { Step } from '../domain/rules/explanation.ts';
import { TRANSFER_KINDS } from '../domain/transfer.ts';
import { RESERVATION_STATUSES } from '../store/schema.ts';

export const MAX_RESERVATION_SECONDS = 2_592_000;
/** The database counts versions and revisions up to it: what is more would fail there, and is none. */
export const MAX_VERSION = 2_147_483_647;

/** No text of blanks alone, and nothing that Postgres can't keep as text or JSON: NUL and halves of characters. */
export const KEEPABLE = '^[^\\u0000\\p{Cs}]*[^\\u0000\\p{Cs}\\s][^\\u0000\\p{Cs}]*$';
/** The same where no text at all may be said, or blanks. */
export const KEEPABLE_OR_EMPTY = '^[^\\u0000\\p{Cs}]*$';
/** Ids as everywhere, but without halves of characters, which would all be kept as one and the same. */
const KEEPABLE_ID = '^[^\\s\\p{Cc}\\p{Cs}]([^\\p{Cc}\\p{Cs}]*[^\\s\\p{Cc}\\p{Cs}])?$';
export const keepable = (id: typeof fields.Id) => Type.String({ ...id, pattern: KEEPABLE_ID });

export const Instant = Type.String({ description: 'ISO 8601 instant' });
const Amount = Type.Integer({ minimum: 0, description: 'Points, whole' });
const Uuid = Type.String({ format: 'uuid' });

export const CustomerParams = Type.Object({ customerId: fields.CustomerId });
export const ReservationParams = Type.Object({ reservationId: Uuid });

const account = {
  active: Type.Integer({ minimum: 0, description: 'Spendable now' }),
  pending: Type.Integer({ minimum: 0, description: 'Earned, not spendable yet' }),
  reserved: Type.Integer({ minimum: 0, description: 'Held by open reservations' }),
  spent: Type.Integer({ minimum: 0, description: 'Spent so far' }),
  expired: Type.Integer({ minimum: 0, description: 'Expired so far' }),
  negative: Type.Integer({
    minimum: 0,
    description: 'Owed after refunds of spent points; paid off by the next credits',
  }),
  earned: Type.Integer({ minimum: 0, description: 'Earned by purchases so far, refunded ones included' }),
};

export const Account = Type.Object(account);

export const Balance = Type.Object({
  customerId: Type.String({ description: 'The customer asked for, or the one it was merged into' }),
  ...account,
  nextExpiration: Type.Union([Type.Object({ points: Amount, at: Instant }), Type.Null()]),
  nextActivation: Type.Union([Type.Object({ points: Amount, at: Instant }), Type.Null()], {
    description: 'Of pending points that only wait for their time',
  }),
});

/** Which entries of a statement are told. */
export const StatementFilter = {
  kind: Type.Optional(
    Type.String({
      pattern: `^(${TRANSFER_KINDS.join('|')})(,(${TRANSFER_KINDS.join('|')}))*$`,
      description: `Only these, with commas between: ${TRANSFER_KINDS.join(', ')}`,
    }),
  ),
  from: Type.Optional(Type.String({ ...fields.Instant, description: 'Happened at this instant or later' })),
  until: Type.Optional(Type.String({ ...fields.Instant, description: 'Happened before this instant' })),
};

export const Explanation = Type.Object(
  {
    text: Type.String({ description: 'e.g. 120 = 100 base × 1.2 silver' }),
    steps: Type.Array(Type.Unsafe<Step>({ type: 'object', additionalProperties: true }), {
      description: 'The same for machines; the points of all steps add up to those of the entry',
    }),
  },
  { description: 'How the rate and the rules came to the points' },
);

export const StatementQuery = Type.Object({
  ...StatementFilter,
  order: Type.Unsafe<'newest_first' | 'oldest_first'>({
    type: 'string',
    enum: ['newest_first', 'oldest_first'],
    default: 'newest_first',
  }),
  cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$', description: 'nextCursor of the page before' })),
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
});

export const StatementPage = Type.Object({
  entries: Type.Array(
    Type.Object({
      entryId: Type.String(),
      kind: fields.OneOf(TRANSFER_KINDS),
      points: Type.Integer({ description: 'Change of active + reserved - negative; positive = gained' }),
      pendingPoints: Type.Integer({ description: 'Change of what is pending' }),
      balanceAfter: Type.Integer({ description: 'active + reserved - negative after this entry' }),
      occurredAt: Instant,
      recordedAt: Instant,
      reason: Type.String(),
      orderId: Type.Optional(Type.String()),
      refundId: Type.Optional(Type.String()),
      reservationId: Type.Optional(Type.String()),
      lotId: Type.Optional(Type.String()),
      reversesId: Type.Optional(Type.String({ description: 'The entry this one takes back' })),
      ruleId: Type.Optional(Type.String()),
      ruleVersion: Type.Optional(Type.Integer()),
      explanation: Type.Optional(Explanation),
      actor: Type.Optional(Type.String({ description: 'Id of the API key' })),
    }),
  ),
  nextCursor: Type.Optional(Type.String()),
});

export const ReserveBody = Type.Object(
  {
    points: fields.PositivePoints,
    orderId: Type.Optional(keepable(fields.OrderId)),
    ttlSeconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_RESERVATION_SECONDS, description: "The programme's own if not given" }),
    ),
  },
  { additionalProperties: false },
);

export const ReservedBody = Type.Object({
  reservationId: Type.String(),
  points: Amount,
  expiresAt: Instant,
  balance: Account,
});

export const CaptureBody = Type.Optional(
  Type.Union([
    Type.Object(
      {
        points: Type.Optional(
          Type.Integer({ ...fields.PositivePoints, description: 'Spend only so many; the rest is given back' }),
        ),
      },
      { additionalProperties: false },
    ),
    Type.Null(),
  ]),
);

export const CapturedBody = Type.Object({
  reservationId: Type.String(),
  entryId: Type.String(),
  capturedPoints: Amount,
  releasedPoints: Amount,
  givenBackPoints: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Given back at once, as the order was refunded before' }),
  ),
  balance: Account,
});

export const ReleasedBody = Type.Object({ reservationId: Type.String(), releasedPoints: Amount, balance: Account });

export const GivenBackPoints = Type.Optional(
  Type.Integer({ minimum: 1, description: 'How many of them refunds of the order have given back since' }),
);

export const ReservationBody = Type.Object({
  reservationId: Type.String(),
  customerId: Type.String(),
  points: Amount,
  capturedPoints: Amount,
  givenBackPoints: GivenBackPoints,
  status: fields.OneOf(RESERVATION_STATUSES),
  createdAt: Instant,
  expiresAt: Instant,
  closedAt: Type.Optional(
    Type.String({ description: 'When its points were spent or given back; shortly after it timed out' }),
  ),
  orderId: Type.Optional(Type.String()),
});

const NotZero = Type.Unsafe<number>({
  ...fields.Points,
  not: { const: 0 },
  description: 'Positive gives, negative takes',
});

export const AdjustBody = Type.Object(
  { points: NotZero, reason: Type.String({ ...fields.Reason, pattern: KEEPABLE }) },
  { additionalProperties: false },
);

export const AdjustedBody = Type.Object({ entryId: Type.String(), points: Type.Integer(), balance: Account });

const Count = Type.Integer({ minimum: 0 });

export const TotalsBody = Type.Object({
  points: Type.Object({
    issued: Type.Integer({ description: 'Earned by purchases' }),
    clawedBack: Type.Integer({ description: 'Taken back by refunds' }),
    redeemed: Type.Integer({ description: 'Spent, less what was given back' }),
    expired: Type.Integer({ description: 'Less what had been refunded before' }),
    adjusted: Type.Integer({ description: 'Corrections by hand, signed' }),
    forfeited: Type.Integer({ description: 'Lost with erased customers, less deficits written off' }),
    outstanding: Type.Integer({ description: 'What customers hold: active + pending + reserved - negative' }),
    active: Count,
    pending: Count,
    reserved: Count,
    negative: Count,
    sumOfAllEntries: Type.Integer({ description: 'House side of the entries + balances of the customers: must be 0' }),
  }),
  counts: Type.Object({
    transfers: Count,
    purchases: Count,
    purchasesWithoutPoints: Count,
    refunds: Count,
    refundsWaiting: Type.Integer({ minimum: 0, description: 'Their order has not come yet' }),
    refundsUnmatched: Type.Integer({ minimum: 0, description: 'Refunded more than the purchases had left' }),
    refundsRefused: Type.Integer({
      minimum: 0,
      description: 'Of another customer than their order, or in another currency; also those that had waited for it',
    }),
  }),
});
