import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { COUPON_REJECTIONS } from '../domain/coupons/apply-coupons.ts';
import { MAX_PATTERN_CHARACTERS } from '../domain/coupons/code.ts';
import { POOL_STATUSES } from '../domain/coupons/terms.ts';
import { ROW_REFUSALS } from '../domain/coupons/uploaded-rows.ts';
import { REDEMPTION_STATUSES } from '../store/schema.ts';
import { MAX_CODES } from '../use-cases/change-pool.ts';
import { AudienceBody, IdPageQuery, Names, Uuid, Window } from './reward-schemas.ts';
import { Instant, KEEPABLE, keepable, MAX_RESERVATION_SECONDS } from './schemas.ts';
import { orNull, withDefault } from './with-default.ts';

const MAX_LINES = 2_000;
/** As many codes as one may send for a cart. */
const MAX_CODES_PER_CART = 30;
const MAX_TYPED_CHARACTERS = 64;
const closed = { additionalProperties: false } as const;

const Group = Type.String({ ...fields.Label, pattern: KEEPABLE });
const Amount = Type.Object({ currency: fields.Currency, minor: fields.PositiveMinor }, closed);
const Count = Type.Integer({ minimum: 0 });
const TypedCode = Type.String({
  minLength: 1,
  maxLength: MAX_TYPED_CHARACTERS,
  pattern: KEEPABLE,
  description: 'As typed: case, hyphens, blanks and Persian or Arabic digits make no difference',
});

const Share = Type.Integer({ minimum: 1, maximum: 1_000_000 });

const DiscountBody = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('percent'),
      numerator: Share,
      denominator: Share,
      base: fields.OneOf(['remaining', 'original'] as const, 'Of what earlier coupons left, or of the cart as it came'),
      atMost: Type.Optional(Amount),
    },
    { ...closed, description: 'A share of the cart, rounded down: 15 % is 15/100, a third is 1/3' },
  ),
  Type.Object({ kind: Type.Literal('fixed'), ...Amount.properties }, closed),
  Type.Object(
    {
      kind: Type.Literal('free_product'),
      sku: fields.Sku,
      quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    },
    { ...closed, description: 'So many pieces of what lies in the cart cost nothing' },
  ),
]);

export const TermsBody = Type.Object(
  {
    discount: DiscountBody,
    appliesTo: Type.Optional(
      Type.Object(
        {
          skus: Type.Optional(Names('Of these skus')),
          categories: Type.Optional(Names('Of these categories')),
          brands: Type.Optional(Names('Of these brands')),
          labels: Type.Optional(Names('With one of these labels')),
        },
        {
          ...closed,
          minProperties: 1,
          description: 'Only lines that each of the lists names. Not given: all of the cart',
        },
      ),
    ),
    minimum: Type.Optional(Amount),
    audience: Type.Optional(AudienceBody),
    perCustomer: orNull(
      Type.Integer({ minimum: 1, maximum: 1_000_000 }),
      'Uses per customer over all codes of the pool; null = any number',
    ),
    ...Window,
    stacking: withDefault(
      Type.Object(
        {
          group: orNull(Group, 'Two coupons of one group are never combined; null = of no group'),
          exclusive: withDefault(Type.Boolean({ description: 'Combined with nothing' }), false),
          with: orNull(
            Type.Array(Group, { maxItems: 100 }),
            'Groups it may be combined with; null = all. Both sides must allow it',
          ),
          order: withDefault(
            Type.Integer({
              minimum: 0,
              maximum: 1_000,
              description: 'Lower is applied first, and wins where two cannot be combined',
            }),
            100,
          ),
        },
        closed,
      ),
      { group: null, exclusive: false, with: null, order: 100 },
    ),
  },
  closed,
);

const settings = {
  name: Type.String({ minLength: 1, maxLength: 200, pattern: KEEPABLE }),
  terms: TermsBody,
  validDays: orNull(
    Type.Integer({ minimum: 0, maximum: 3_650 }),
    'A code given with a reward may be used up to the end of so many days later; null = as long as the pool',
  ),
};

export const PoolSettingsBody = Type.Object(settings, closed);

export const PoolBody = Type.Object(
  {
    ...settings,
    pattern: orNull(
      Type.String({ minLength: 1, maxLength: MAX_PATTERN_CHARACTERS }),
      'e.g. VAFA-####-####: each # is drawn, the last one checks the others; null = codes are uploaded',
    ),
    usesPerCode: withDefault(Type.Integer({ minimum: 1, maximum: 1_000_000_000 }), 1),
  },
  closed,
);

const pool = {
  poolId: Type.String(),
  revision: Type.Integer(),
  status: fields.OneOf(POOL_STATUSES),
  ...PoolBody.properties,
  wanted: Type.Integer({ minimum: 0, description: 'Codes ordered so far' }),
  generated: Type.Integer({ minimum: 0, description: 'Codes made so far; the rest is being made' }),
  createdAt: Instant,
  updatedAt: Instant,
};

export const PoolView = Type.Object(pool);
export const PoolPage = Type.Object({ pools: Type.Array(PoolView), nextCursor: Type.Optional(Type.String()) });
export const PoolWithCounts = Type.Object({
  ...pool,
  counts: Type.Object({
    codes: Count,
    free: Type.Integer({ minimum: 0, description: "Nobody's, not used and not expired" }),
    expired: Type.Integer({
      minimum: 0,
      description: "Not void, and with uses left when their end, or the pool's, came",
    }),
    voided: Count,
    usesReserved: Count,
    usesMade: Count,
  }),
});
export const PoolParams = Type.Object({ poolId: Uuid });
export const PoolsQuery = IdPageQuery;

export const OrderCodesBody = Type.Object({ codes: Type.Integer({ minimum: 1, maximum: MAX_CODES }) }, closed);

export const ExportQuery = Type.Object({
  format: Type.Unsafe<'csv' | 'ndjson'>({ type: 'string', enum: ['csv', 'ndjson'], default: 'csv' }),
});

export const UploadedBody = Type.Object({
  added: Count,
  known: Type.Integer({
    minimum: 0,
    description: 'Were in this pool before, for this customer and until this instant if the row says so',
  }),
  refused: Count,
  errors: Type.Array(Type.Object({ row: Type.Integer({ minimum: 1 }), reason: fields.OneOf(ROW_REFUSALS) }), {
    description:
      'The first 1000 refused rows; the row is the line of the body, from 1. known_with_other_values: the code is in this pool for another customer, or until another instant, and stays so',
  }),
});

export const CodeParams = Type.Object({ code: TypedCode });

export const CouponView = Type.Object({
  code: Type.String({ description: 'As people read it' }),
  poolId: Type.String(),
  customerId: Type.Optional(Type.String()),
  claimId: Type.Optional(Type.String()),
  maxUses: Type.Integer(),
  reserved: Count,
  redeemed: Count,
  voided: Type.Boolean(),
  expiresAt: Type.Optional(Instant),
  orders: Type.Optional(
    Type.Array(
      Type.Object({ orderId: Type.String(), status: fields.OneOf(REDEMPTION_STATUSES), discountMinor: Count }),
      { description: 'The newest 100 orders that hold or made use of it' },
    ),
  ),
});

const CartLineBody = Type.Object(
  {
    sku: fields.Sku,
    quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    amountMinor: fields.AmountMinor,
    category: Type.Optional(fields.Label),
    brand: Type.Optional(fields.Label),
    labels: Type.Optional(Type.Array(fields.Label, { maxItems: 20 })),
  },
  closed,
);

const cart = {
  customerId: Type.Optional(keepable(fields.CustomerId)),
  currency: fields.Currency,
  totalMinor: Type.Integer({
    ...fields.AmountMinor,
    description: 'With delivery and the like; not less than the lines',
  }),
  lines: Type.Array(CartLineBody, { maxItems: MAX_LINES, default: [] }),
  codes: Type.Array(TypedCode, { minItems: 1, maxItems: MAX_CODES_PER_CART }),
};

export const ValidateBody = Type.Object(cart, closed);

export const RedeemBody = Type.Object(
  {
    orderId: keepable(fields.OrderId),
    ...cart,
    holdSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_RESERVATION_SECONDS,
        description: 'Held for so long, to be redeemed or released; not given: redeemed at once',
      }),
    ),
  },
  closed,
);

export const ValidatedBody = Type.Object({
  results: Type.Array(
    Type.Object({
      code: Type.String({ description: 'In capitals, without hyphens' }),
      accepted: Type.Boolean(),
      discountMinor: Type.Optional(Type.Integer({ minimum: 1 })),
      applied: Type.Optional(Type.Integer({ minimum: 1, description: 'Place in the order of application' })),
      reason: Type.Optional(fields.OneOf(COUPON_REJECTIONS)),
      minimumMinor: Type.Optional(Type.Integer()),
      conflictsWith: Type.Optional(Type.String({ description: 'The accepted code it cannot be combined with' })),
    }),
    { description: 'In the order in which the codes were sent' },
  ),
  discountMinor: Count,
  remainingMinor: Count,
  lineDiscountsMinor: Type.Array(Count, { description: 'What was taken off each line' }),
});

export const RedemptionView = Type.Object({
  orderId: Type.String(),
  status: fields.OneOf(REDEMPTION_STATUSES),
  customerId: Type.Optional(Type.String()),
  currency: Type.String(),
  totalMinor: Count,
  discountMinor: Count,
  remainingMinor: Count,
  lineDiscountsMinor: Type.Array(Count),
  codes: Type.Array(
    Type.Object({ code: Type.String(), poolId: Type.String(), applied: Type.Integer(), discountMinor: Count }),
  ),
  createdAt: Instant,
  expiresAt: Type.Optional(Instant),
});

export const RedemptionParams = Type.Object({ orderId: fields.OrderId });
