import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { MAX_MULTIPLIER_PART } from '../domain/rules/rule.ts';
import {
  DOWNGRADES,
  MAX_AT_RISK_DAYS,
  MAX_GRACE_DAYS,
  MAX_LEVEL_REWARDS,
  MAX_LEVELS,
  MAX_MORE_WINDOWS,
  MAX_ROLLING_MONTHS,
  MAX_THRESHOLD,
  MAX_VALIDITY_MONTHS,
  TIER_METRICS,
  TIER_PERIODS,
  type TierStructure,
} from '../domain/tiers/structure.ts';
import { ExpiryBody } from './policy-schemas.ts';
import { Instant, KEEPABLE } from './schemas.ts';

const strict = { additionalProperties: false };
const Name = Type.String({ minLength: 1, maxLength: 100, pattern: KEEPABLE });
const LevelId = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[a-z0-9]([a-z0-9_.-]*[a-z0-9])?$',
  description: 'Keep it through versions: customers have the tier by it',
});

const Metric = Type.Union(
  [
    Type.Object({ kind: Type.Literal('points_earned') }, strict),
    Type.Object({ kind: Type.Literal('spend'), currency: fields.Currency }, strict),
    Type.Object({ kind: Type.Literal('orders') }, strict),
  ],
  { description: 'What counts, less what is refunded: points earned, money spent in one currency, or orders' },
);

const Window = Type.Union(
  [
    Type.Object({ kind: Type.Literal('calendar'), period: fields.OneOf(TIER_PERIODS) }, strict),
    Type.Object(
      { kind: Type.Literal('rolling'), months: Type.Integer({ minimum: 1, maximum: MAX_ROLLING_MONTHS }) },
      strict,
    ),
  ],
  { description: "Over which time it counts: a period of the programme's calendar, or the last so many months" },
);

const Validity = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal('windows'),
        more: Type.Integer({
          minimum: 0,
          maximum: MAX_MORE_WINDOWS,
          description: 'To the end of the window in which it was reached, and so many windows more',
        }),
      },
      strict,
    ),
    Type.Object(
      {
        kind: Type.Literal('months'),
        amount: Type.Integer({ minimum: 1, maximum: MAX_VALIDITY_MONTHS }),
        roundUpTo: Type.Optional(fields.OneOf(TIER_PERIODS, 'To the end of this period of the calendar')),
      },
      strict,
    ),
    Type.Object({ kind: Type.Literal('while_earned') }, strict),
  ],
  {
    description:
      'How long a tier is kept without being reached again; while_earned: as long as a rolling window holds enough',
  },
);

const Multiplier = Type.Object(
  {
    numerator: Type.Integer({
      minimum: 1,
      maximum: MAX_MULTIPLIER_PART,
      description: 'Of what orders earn by the rate and the rules: 12 of 12/10 = 1.2',
    }),
    denominator: Type.Integer({ minimum: 1, maximum: MAX_MULTIPLIER_PART }),
  },
  strict,
);

const Benefits = Type.Object(
  {
    multiplier: Type.Optional(Multiplier),
    expiry: Type.Optional({
      ...ExpiryBody,
      description: "When points expire, in the place of the programme's; they do not slide",
    }),
    rewards: Type.Array(fields.Id, { maxItems: MAX_LEVEL_REWARDS, description: 'Ids of rewards for this tier' }),
  },
  strict,
);

const LevelName = Type.Object({ en: Name, fa: Name }, strict);

/** `tiers` of a programme's body; what a schema can't say is told by the domain's `tierProblems`. */
export const Tiers = Type.Unsafe<TierStructure>(
  Type.Object(
    {
      metric: Metric,
      window: Window,
      levels: Type.Array(
        Type.Object(
          {
            id: LevelId,
            name: LevelName,
            threshold: Type.Integer({
              minimum: 0,
              maximum: MAX_THRESHOLD,
              description: 'Points, minor units or orders from which on the tier is had',
            }),
            benefits: Benefits,
          },
          strict,
        ),
        { minItems: 1, maxItems: MAX_LEVELS, description: 'Lowest first' },
      ),
      validity: Validity,
      graceDays: Type.Integer({
        minimum: 0,
        maximum: MAX_GRACE_DAYS,
        description: 'Days after the validity in which the tier is still had and can still be kept',
      }),
      downgrade: fields.OneOf(DOWNGRADES, 'Where a tier that was not kept falls to'),
      neverBelow: Type.Optional(
        Type.String({ ...LevelId, description: 'Whoever has reached it never falls below it' }),
      ),
      atRiskDays: Type.Integer({
        minimum: 0,
        maximum: MAX_AT_RISK_DAYS,
        description: 'Whoever loses the tier within so many days, if nothing more is earned, is at risk',
      }),
    },
    { ...strict, description: 'Status levels' },
  ),
);

const Amount = Type.Integer({ description: 'In the unit of the metric: points, minor units or orders' });
const Day = Type.String({ description: "ISO 8601 date, in the programme's zone" });
const OrNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

const LevelView = Type.Object({ id: Type.String(), name: LevelName });

export const CustomerTierBody = Type.Object({
  customerId: Type.String({ description: 'The customer asked for, or the one it was merged into' }),
  tier: OrNull(LevelView),
  since: Type.Union([Instant, Type.Null()], {
    description: 'null = has no tier, or has had it from the start because it asks for nothing',
  }),
  validUntil: Type.Union([Instant, Type.Null()], {
    description: 'As things stand, with what already counts for keeping it; null = it can not be lost',
  }),
  graceUntil: Type.Union([Instant, Type.Null()], { description: 'End of the grace, while one is running' }),
  progress: Type.Object({
    metric: fields.OneOf(TIER_METRICS),
    currency: Type.Optional(Type.String()),
    amount: Amount,
    windowFrom: Day,
    windowUntil: OrNull(Day),
  }),
  toNext: OrNull(Type.Object({ tier: LevelView, threshold: Amount, missing: Amount })),
  toKeep: Type.Union(
    [
      Type.Object({
        missing: Amount,
        from: Type.Optional(
          Type.String({
            description:
              'ISO 8601 instant; only what is bought from then on counts; absent = what is bought now counts. After `dueAt`: nothing keeps the tier, it can only be reached again',
          }),
        ),
        dueAt: Type.String({ description: 'ISO 8601 instant: the last that still counts, grace included' }),
      }),
      Type.Null(),
    ],
    { description: 'What is missing to keep the tier, from when it counts and by when; null = it can not be lost' },
  ),
  atRisk: Type.Boolean({ description: 'Lost at dueAt if nothing more is earned, and that is in atRiskDays at most' }),
  benefits: OrNull(Benefits),
});

export const TierCounts = Type.Object({
  tiers: Type.Array(Type.Object({ tier: LevelView, customers: Type.Integer({ minimum: 0 }) }), {
    description: 'Every level, lowest first',
  }),
  none: Type.Integer({ minimum: 0, description: 'Customers who had a tier once and have none now' }),
});
