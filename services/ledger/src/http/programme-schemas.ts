import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { RETURN_POLICIES, ROUNDINGS } from '../domain/programme.ts';
import { Instant, KEEPABLE, MAX_RESERVATION_SECONDS } from './schemas.ts';

const MAX_RATES = 50;
const MAX_DAYS = 36_500;

export const ProgrammeBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, pattern: KEEPABLE }),
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
    expiresAfterDays: Type.Union([Type.Integer({ minimum: 1, maximum: MAX_DAYS }), Type.Null()], {
      description: 'Points expire at the end of the day this many days after the purchase; null = never',
    }),
    expiringSoonDays: Type.Integer({
      minimum: 0,
      maximum: 365,
      description: 'Days of notice before points expire; 0 = none',
    }),
    reservationTtlSeconds: Type.Integer({ minimum: 1, maximum: MAX_RESERVATION_SECONDS }),
    returnPolicy: fields.OneOf(RETURN_POLICIES, 'Refund of spent points: go into a deficit, or stop at 0'),
    timeZone: fields.TimeZone,
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
