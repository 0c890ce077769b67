import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { CALENDARS } from '../domain/calendar.ts';
import { ERASE_POLICIES, RETURN_POLICIES, ROUNDINGS, SPENT_POINTS } from '../domain/programme.ts';
import { ActivationBody, ExpiryBody } from './policy-schemas.ts';
import { RuleMatching, ruleList } from './rule-schemas.ts';
import { Instant, KEEPABLE, MAX_RESERVATION_SECONDS } from './schemas.ts';
import { Tiers } from './tier-schemas.ts';

const MAX_RATES = 50;
const MAX_DAYS = 36_500;

const UnitName = Type.String({ minLength: 1, maxLength: 40, pattern: KEEPABLE });

export const ProgrammeBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, pattern: KEEPABLE }),
    unit: Type.Optional(
      Type.Object(
        { en: Type.Optional(UnitName), fa: Type.Optional(UnitName) },
        { additionalProperties: false, description: 'What points are called, by language' },
      ),
    ),
    rates: Type.Array(
      Type.Object(
        {
          currency: fields.Currency,
          points: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Points for every perMinor' }),
          perMinor: Type.Integer({
            minimum: 1,
            maximum: 1_000_000_000_000,
            description: 'Minor units, e.g. 10000 rial',
          }),
        },
        { additionalProperties: false },
      ),
      { maxItems: MAX_RATES, description: 'One per currency; purchases in others earn nothing' },
    ),
    rounding: fields.OneOf(ROUNDINGS, "Applied once, to the points of an order's total"),
    expiresAfterDays: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: MAX_DAYS }), Type.Null()], {
        description: 'Short for rolling expiry of so many days; null = never. Not together with expiry',
      }),
    ),
    expiry: Type.Optional(ExpiryBody),
    expiringSoonDays: Type.Integer({
      minimum: 0,
      maximum: 365,
      description: 'Days of notice before points expire; 0 = none',
    }),
    reservationTtlSeconds: Type.Integer({ minimum: 1, maximum: MAX_RESERVATION_SECONDS }),
    returnPolicy: Type.Optional(
      fields.OneOf(RETURN_POLICIES, 'The policy of returns, where that is not given: within_balance unless given'),
    ),
    returns: Type.Optional(
      Type.Object(
        {
          policy: fields.OneOf(
            RETURN_POLICIES,
            'What a refund takes back: what is pending still, what the customer has, or all of it and a deficit',
          ),
          spentPoints: fields.OneOf(
            SPENT_POINTS,
            'What is given back of the points that paid for the order: nothing, all once it is refunded to the last, or in proportion to the refunded money',
          ),
        },
        { additionalProperties: false },
      ),
    ),
    pointValues: Type.Optional(
      Type.Array(
        Type.Object(
          {
            currency: fields.Currency,
            minor: Type.Integer({ minimum: 1, maximum: 1_000_000_000_000, description: 'Minor units of perPoints' }),
            perPoints: Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 }),
          },
          { additionalProperties: false },
        ),
        { maxItems: MAX_RATES, description: 'What points are worth, one per currency' },
      ),
    ),
    approvalAbovePoints: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: 1_000_000_000_000_000 }), Type.Null()], {
        description: 'Corrections by hand of more points than this need a second person; null = none does',
      }),
    ),
    onErase: Type.Optional(
      fields.OneOf(ERASE_POLICIES, 'Points of an erased customer; forfeit unless given. keep = under a name of nobody'),
    ),
    timeZone: fields.TimeZone,
    calendar: Type.Optional(fields.OneOf(CALENDARS, 'In which months and years are counted; gregorian unless given')),
    activation: Type.Optional(ActivationBody),
    rules: Type.Optional(ruleList({ expiry: ExpiryBody, activation: ActivationBody })),
    matching: Type.Optional(RuleMatching),
    tiers: Type.Optional(Tiers),
  },
  { additionalProperties: false },
);

export const ProgrammeVersion = Type.Object({
  ...ProgrammeBody.properties,
  version: Type.Integer(),
  actor: Type.String({ description: 'Id of the API key that made this version' }),
  createdAt: Instant,
});

export const ProgrammePage = Type.Object({
  versions: Type.Array(ProgrammeVersion),
  nextCursor: Type.Optional(Type.String()),
});
