import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { ACTIVATION_UNITS } from '../domain/activation.ts';
import { PERIODS } from '../domain/calendar.ts';
import { MAX_DATES } from '../domain/calendar-dates.ts';
import { EXPIRY_ROUNDINGS, EXPIRY_UNITS, MAX_AMOUNT, SLIDING_ACTIVITIES } from '../domain/expiry-policy.ts';
import { KEEPABLE } from './schemas.ts';

const MONTHS = 12;
const LONGEST_MONTH = 31;
const MAX_INTERACTION_TYPE = 100;

/** Dates that come every year, in the programme's calendar. */
export const MonthDays = Type.Array(
  Type.Object(
    {
      month: Type.Integer({ minimum: 1, maximum: MONTHS, description: '1 = January or Farvardin' }),
      day: Type.Integer({ minimum: 1, maximum: LONGEST_MONTH }),
    },
    { additionalProperties: false },
  ),
  { minItems: 1, maxItems: MAX_DATES },
);

const InteractionType = Type.String({ minLength: 1, maxLength: MAX_INTERACTION_TYPE, pattern: KEEPABLE });

/** When points become spendable. */
export const ActivationBody = Type.Union(
  [
    Type.Object({ kind: Type.Literal('immediate') }, { additionalProperties: false }),
    Type.Object(
      {
        kind: Type.Literal('after'),
        amount: Type.Integer({ minimum: 1 }),
        unit: fields.OneOf(ACTIVATION_UNITS),
        roundUpTo: Type.Optional(fields.OneOf(PERIODS, 'Not before the next one begins')),
      },
      { additionalProperties: false },
    ),
    Type.Object({ kind: Type.Literal('on_dates'), dates: MonthDays }, { additionalProperties: false }),
    Type.Object(
      {
        kind: Type.Literal('on_event'),
        interactionType: InteractionType,
        cancelAfterDays: Type.Integer({ minimum: 1, description: 'Lost when it did not come by the end of that day' }),
      },
      {
        additionalProperties: false,
        description:
          "An interaction at or after the earning, of the order that its attributes' orderId names, or of all if it names none; it may be told before the order",
      },
    ),
  ],
  { description: 'When points become spendable; at once unless given' },
);

const MAX_SLIDING_TYPES = 50;
const Time = {
  amount: Type.Integer({ minimum: 1, maximum: MAX_AMOUNT.days, description: 'How many; a hundred years at most' }),
  unit: fields.OneOf(EXPIRY_UNITS),
};

/** When points expire, counted from their activation; always at the end of a day of the programme. */
export const ExpiryBody = Type.Union(
  [
    Type.Object({ kind: Type.Literal('none') }, { additionalProperties: false }),
    Type.Object(
      {
        kind: Type.Literal('rolling'),
        ...Time,
        roundUpTo: Type.Optional(fields.OneOf(EXPIRY_ROUNDINGS, 'At the end of that one')),
      },
      { additionalProperties: false },
    ),
    Type.Object({ kind: Type.Literal('dates'), dates: MonthDays }, { additionalProperties: false }),
    Type.Object(
      {
        kind: Type.Literal('sliding'),
        ...Time,
        activities: Type.Array(fields.OneOf(SLIDING_ACTIVITIES), {
          maxItems: SLIDING_ACTIVITIES.length,
          description:
            'What sets the clock of all open points anew, but of those for which a rule or a tier says when they expire',
        }),
        interactionTypes: Type.Array(InteractionType, {
          maxItems: MAX_SLIDING_TYPES,
          description: 'Interactions that set it anew too',
        }),
      },
      { additionalProperties: false },
    ),
  ],
  { description: 'When points expire, counted from their activation; at the end of a day of the programme' },
);
