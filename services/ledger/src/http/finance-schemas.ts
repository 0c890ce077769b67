import { fields } from '@vafa/contracts';
import Type from 'typebox';
import { CALENDARS } from '../domain/calendar.ts';
import { DIMENSIONS } from '../domain/finance/roll-forward.ts';
import { FileQuery } from './export.ts';
import { Instant } from './schemas.ts';

const Month = Type.String({
  pattern: '^\\d{4}-(0[1-9]|1[0-2])$',
  description: "A month of the programme's calendar, e.g. 2026-11 or 1405-08",
});
const Nullable = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const Count = Type.Integer({ minimum: 0 });

const TABLE_FORMATS = ['json', 'csv'] as const;
const TableFormat = Type.Unsafe<(typeof TABLE_FORMATS)[number]>({
  type: 'string',
  enum: [...TABLE_FORMATS],
  default: 'json',
});

export const RollForwardQuery = Type.Object({
  from: Type.Optional(Month),
  to: Type.Optional(Month),
  by: Type.Optional(
    Type.String({
      pattern: `^(${DIMENSIONS.join('|')})(,(${DIMENSIONS.join('|')}))*$`,
      description: `Rows of their own for each of these, with commas between: ${DIMENSIONS.join(', ')}`,
    }),
  ),
  format: TableFormat,
  bom: FileQuery.bom,
});

const signed = (description: string) => Type.Integer({ description });
const Figures = Type.Object(
  {
    opening: signed('Outstanding at the start'),
    issued: signed('Earned'),
    takenBack: signed('Taken back by refunds'),
    redeemed: signed('Spent'),
    expired: signed('Run out'),
    adjusted: signed('Corrected by hand; positive = given'),
    forfeited: signed('Lost with erased customers, less what they owed'),
    moved: signed('Between customers, tiers and months of issue; 0 over all'),
    closing: signed('opening + issued - takenBack - redeemed - expired + adjusted - forfeited + moved'),
  },
  { description: 'Points, or minor units of the currency' },
);
const Money = Type.Array(Type.Object({ currency: Type.String(), ...Figures.properties }), {
  description: "At the programme's value of a point; empty without one",
});

const context = {
  calendar: fields.OneOf(CALENDARS),
  timeZone: Type.String(),
  programmeVersion: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Whose zone, calendar and values of a point these are',
  }),
  asOf: Instant,
  closedUntil: Type.Union([Instant, Type.Null()], { description: 'What was recorded before this never changes' }),
};

export const RollForwardBody = Type.Object({
  ...context,
  months: Type.Array(
    Type.Object({
      month: Month,
      from: Instant,
      until: Instant,
      closed: Type.Boolean({ description: 'Nothing can be added to it any more' }),
      rows: Type.Array(
        Type.Object({
          wallet: Type.Optional(Type.String()),
          tier: Type.Optional(Nullable('Tier in which the points were earned; null = none')),
          cohort: Type.Optional(Nullable('Month of issue; null = points that customers owe')),
          points: Figures,
          money: Money,
        }),
      ),
      total: Type.Object({ points: Figures, money: Money }),
    }),
  ),
});

export const LiabilityQuery = Type.Object({ format: TableFormat, bom: FileQuery.bom });

export const LiabilityBody = Type.Object({
  ...context,
  openMonth: Month,
  points: Type.Object({
    outstanding: Type.Integer({ description: 'What customers hold: active, pending and reserved' }),
    owed: Type.Integer({ description: 'Owed by customers; does not make the liability smaller' }),
    expectedRedeemed: Type.Integer({ description: 'Of the outstanding points, those that will be spent' }),
    breakage: Type.Integer({ description: 'Those that will not' }),
  }),
  breakageRate: Type.Number({ description: '1 - expectedRedeemed ÷ outstanding' }),
  liabilities: Type.Array(
    Type.Object({
      currency: Type.String(),
      minor: Type.Integer({ description: 'Value of so many points …' }),
      perPoints: Type.Integer({ description: '… as these' }),
      grossMinor: Type.Integer({ description: 'If every outstanding point were spent' }),
      breakageMinor: Type.Integer(),
      liabilityMinor: Type.Integer({ description: 'outstanding × value × (1 - breakage)' }),
    }),
  ),
  estimate: Type.Object(
    {
      noEstimate: Nullable('Why no breakage is taken: too_few_months, no_pattern, nothing_redeemed; null = it is'),
      redemptionRate: Type.Union([Type.Number(), Type.Null()], {
        description: 'Share of issued points that is spent in the end',
      }),
      tail: Type.Union([Type.String(), Type.Null()]),
      factors: Type.Array(
        Type.Object({ age: Count, factor: Type.Number(), cohorts: Count, redeemed: Type.Integer() }),
        { description: 'Growth of what was spent so far, from one month of age to the next' },
      ),
      cohorts: Type.Array(
        Type.Object({
          month: Month,
          ageMonths: Type.Integer({ description: 'Whole months known; -1 = issued in the month under way' }),
          redeemed: Type.Integer(),
          expired: Type.Integer(),
          outstanding: Type.Integer(),
          developed: Type.Union([Type.Number(), Type.Null()], {
            description: 'Share of what is ever spent of it that should be spent by now',
          }),
          method: Type.String(),
          expectedRedeemed: Type.Integer(),
        }),
      ),
    },
    { description: 'What the breakage rests on' },
  ),
});

export const EntriesQuery = Type.Object({
  from: Type.Optional(Type.String({ ...fields.Instant, description: 'Happened at this instant or later' })),
  until: Type.Optional(Type.String({ ...fields.Instant, description: 'Happened before this instant' })),
  cursor: Type.Optional(
    Type.String({ format: 'uuid', description: 'entryId of the last line of a file that broke off' }),
  ),
  ...FileQuery,
});
