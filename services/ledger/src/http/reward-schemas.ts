import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { REWARD_REFUSALS, REWARD_STATUSES } from '../domain/rewards/reward.ts';
import { CLAIM_STATUSES } from '../store/schema.ts';
import { Account, Instant, KEEPABLE, KEEPABLE_OR_EMPTY, keepable } from './schemas.ts';
import { orNull } from './with-default.ts';

const MAX_NAMES = 100;
export const Uuid = Type.String({ format: 'uuid' });

/** A text in the languages of the customers. */
const Words = (maxLength: number) =>
  Type.Object(
    {
      en: Type.Optional(Type.String({ minLength: 1, maxLength, pattern: KEEPABLE })),
      fa: Type.Optional(Type.String({ minLength: 1, maxLength, pattern: KEEPABLE })),
    },
    { additionalProperties: false, minProperties: 1 },
  );

export const Nullable = <Schema extends Parameters<typeof Type.Union>[0][number]>(
  schema: Schema,
  description?: string,
) => Type.Union([schema, Type.Null()], description ? { description } : {});

export const Names = (description: string) =>
  Type.Array(Type.String({ ...fields.Label, pattern: KEEPABLE }), { minItems: 1, maxItems: MAX_NAMES, description });

export const AudienceBody = Type.Object(
  {
    tiers: Type.Optional(Names('In one of these tiers')),
    segments: Type.Optional(Names('In one of these segments')),
  },
  { additionalProperties: false, description: 'Who it is for; both lists must agree. Not given: everybody' },
);

export const Window = {
  startsAt: orNull(fields.Instant, 'From then on; null = at once'),
  endsAt: orNull(fields.Instant, 'Up to, not including; null = for ever'),
};

const Attributes = Type.Record(
  Type.String(),
  Type.Union([Type.String({ maxLength: 1_000, pattern: KEEPABLE_OR_EMPTY }), Type.Number(), Type.Boolean()]),
  { propertyNames: { pattern: KEEPABLE, maxLength: 64 }, maxProperties: 50, description: "The shop's own fields" },
);

export const RewardBody = Type.Object(
  {
    name: Words(200),
    description: Type.Optional(Words(2_000)),
    costPoints: fields.PositivePoints,
    stock: orNull(
      Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
      'Pieces there are in all, claimed ones included; null = any number',
    ),
    perCustomer: orNull(
      Type.Integer({ minimum: 1, maximum: 1_000_000 }),
      'Claims a customer may have, cancelled ones not counted; null = any number',
    ),
    audience: Type.Optional(AudienceBody),
    ...Window,
    couponPoolId: orNull(Uuid, 'Pool that each claim takes a code from; null = no code'),
    attributes: Type.Optional(Attributes),
  },
  { additionalProperties: false },
);

const reward = {
  rewardId: Type.String(),
  revision: Type.Integer(),
  status: fields.OneOf(REWARD_STATUSES),
  ...RewardBody.properties,
  stockLeft: Nullable(Type.Integer({ minimum: 0 }), 'Pieces left; null = any number'),
  createdAt: Instant,
  updatedAt: Instant,
};

export const RewardView = Type.Object(reward);
export const RewardPage = Type.Object({ rewards: Type.Array(RewardView), nextCursor: Type.Optional(Type.String()) });
export const RewardParams = Type.Object({ rewardId: Uuid });

/** Pages by the id of the last row before. */
export const IdPageQuery = Type.Object({
  cursor: Type.Optional(Type.String({ format: 'uuid', description: 'nextCursor of the page before' })),
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
});

export const RewardsQuery = Type.Object({
  ...IdPageQuery.properties,
  status: Type.Optional(fields.OneOf(REWARD_STATUSES)),
});

export const OfferedPage = Type.Object({
  activePoints: Type.Integer({ minimum: 0 }),
  rewards: Type.Array(
    Type.Object({
      rewardId: Type.String(),
      name: RewardBody.properties.name,
      description: RewardBody.properties.description,
      costPoints: Type.Integer(),
      stockLeft: reward.stockLeft,
      startsAt: Window.startsAt,
      endsAt: Window.endsAt,
      attributes: RewardBody.properties.attributes,
      claims: Type.Integer({ minimum: 0, description: 'Claims of this customer that stand' }),
      claimable: Type.Boolean(),
      whyNot: Type.Array(fields.OneOf(REWARD_REFUSALS)),
      pointsMissing: Type.Integer({ minimum: 0 }),
    }),
  ),
  nextCursor: Type.Optional(Type.String()),
});

export const ClaimParams = Type.Object({ customerId: fields.CustomerId, rewardId: Uuid });
export const ClaimIdParams = Type.Object({ claimId: Uuid });

export const ClaimBody = Type.Optional(
  Type.Union([
    Type.Object(
      {
        reference: Type.Optional(
          Type.String({
            ...keepable(fields.Id),
            description: 'Your own name of this claim: the same again is the same claim, for ever',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    Type.Null(),
  ]),
);

export const CancelBody = Type.Optional(
  Type.Union([
    Type.Object(
      { reason: Type.Optional(Type.String({ ...fields.Reason, pattern: KEEPABLE })) },
      { additionalProperties: false },
    ),
    Type.Null(),
  ]),
);

const claim = {
  claimId: Type.String(),
  reference: Type.String(),
  rewardId: Type.String(),
  rewardRevision: Type.Integer(),
  customerId: Type.String(),
  points: Type.Integer({ minimum: 1 }),
  reservationId: Type.String(),
  entryId: Type.String({ description: 'The entry that spent the points' }),
  couponCode: Type.Optional(Type.String()),
  status: fields.OneOf(CLAIM_STATUSES),
  claimedAt: Instant,
  cancelledAt: Type.Optional(Instant),
  cancelReason: Type.Optional(Type.String()),
  cancelEntryId: Type.Optional(Type.String({ description: 'The entry that gave the points back' })),
};

export const ClaimView = Type.Object(claim);
export const ClaimWithBalance = Type.Object({ ...claim, balance: Account });
export const ClaimPage = Type.Object({ claims: Type.Array(ClaimView), nextCursor: Type.Optional(Type.String()) });
