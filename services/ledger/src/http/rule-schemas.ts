import { fields } from '@vafa/contracts';
import Type, { type TSchema } from 'typebox';
import { TEST_KINDS } from '../domain/rules/condition-problems.ts';
import {
  BEYOND,
  CAP_PERIODS,
  CAP_UNITS,
  type EarningRule,
  MATCHINGS,
  MAX_CAP,
  MAX_CAPS,
  MAX_LIST_VALUES,
  MAX_MULTIPLIER_PART,
  MAX_PER_MINOR,
  MAX_RULE_POINTS,
  MAX_RULES,
  TRIGGERS,
  WEEKDAYS,
} from '../domain/rules/rule.ts';
import { KEEPABLE } from './schemas.ts';

const Text = Type.String({ minLength: 1, maxLength: 128, pattern: KEEPABLE });
const texts = (description: string) =>
  Type.Array(Text, { minItems: 1, maxItems: MAX_LIST_VALUES, description: `One of these ${description}` });
const strict = { additionalProperties: false };

const lineMatch = {
  sku: Type.Optional(texts('stock keeping units')),
  category: Type.Optional(texts('categories')),
  brand: Type.Optional(texts('brands')),
  label: Type.Optional(texts('labels')),
};

const LineFilter = Type.Object(
  {
    ...lineMatch,
    except: Type.Optional(
      Type.Object(lineMatch, { ...strict, description: 'Lines that any of these fields matches are left out' }),
    ),
  },
  { ...strict, description: 'Lines of the order: every field given must match; none given = all lines' },
);

const MonthAndDay = Type.Object(
  { month: Type.Integer({ minimum: 1, maximum: 12 }), day: Type.Integer({ minimum: 1, maximum: 31 }) },
  {
    ...strict,
    description: "A day that comes every year, in the programme's calendar; the month's last if it lacks it",
  },
);

const bound = (description: string) => Type.Optional(Type.Number({ description: `${description}, included` }));
const boundMinor = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_CAP, description: `${description}, minor units, included` }));

/**
 * One flat shape for groups and tests, so that a mistake is told of its own field; which fields belong together is checked
 * by the domain (`conditionProblems`), with limits to depth and size.
 */
const Condition = Type.Cyclic(
  {
    Condition: Type.Object(
      {
        all: Type.Optional(Type.Array(Type.Ref('Condition'), { minItems: 1, description: 'Every one of them holds' })),
        any: Type.Optional(Type.Array(Type.Ref('Condition'), { minItems: 1, description: 'One of them holds' })),
        not: Type.Optional(Type.Ref('Condition')),
        kind: Type.Optional(fields.OneOf(TEST_KINDS, 'What is tested, when it is no group')),
        currency: Type.Optional(fields.Currency),
        atLeastMinor: boundMinor('order_total, lines_amount: least amount'),
        atMostMinor: boundMinor('order_total, lines_amount: greatest amount'),
        atLeast: bound('order_lines, lines_quantity, attributes: lower bound'),
        atMost: bound('order_lines, lines_quantity, attributes: upper bound'),
        in: Type.Optional(
          Type.Array(Type.Union([Type.String({ maxLength: 1_000 }), Type.Number(), Type.Boolean()]), {
            minItems: 1,
            maxItems: MAX_LIST_VALUES,
            description: `The value is one of these; of weekday: ${WEEKDAYS.join(', ')}`,
          }),
        ),
        lines: Type.Optional(LineFilter),
        name: Type.Optional(Type.String({ ...Text, description: 'Name of the attribute' })),
        fromHour: Type.Optional(Type.Integer({ minimum: 0, maximum: 23, description: 'hours: from this full hour' })),
        untilHour: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 24, description: 'hours: until before this one; may be past midnight' }),
        ),
        from: Type.Optional(
          Type.String({ maxLength: 10, description: "dates: first day, in the programme's calendar" }),
        ),
        until: Type.Optional(Type.String({ maxLength: 10, description: 'dates: last day' })),
        firstDay: Type.Optional(MonthAndDay),
        lastDay: Type.Optional(MonthAndDay),
      },
      { ...strict, description: 'A group (all, any or not, alone) or a test (kind and its fields)' },
    ),
  },
  'Condition',
);

const Trigger = Type.Object(
  {
    on: fields.OneOf(TRIGGERS, 'What sets the rule off'),
    interactionType: Type.Optional(Type.String({ ...Text, description: 'Of an interaction' })),
    segmentId: Type.Optional(Type.String({ ...Text, description: 'Of segment_entered' })),
    state: Type.Optional(fields.LifecycleState),
  },
  strict,
);

const Effect = Type.Object(
  {
    kind: fields.OneOf(['fixed', 'per_amount', 'per_line', 'multiplier'] as const),
    points: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_RULE_POINTS, description: 'At once, per perMinor, or per line or unit' }),
    ),
    perMinor: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PER_MINOR, description: 'Minor units' })),
    currency: Type.Optional(fields.Currency),
    lines: Type.Optional(LineFilter),
    each: Type.Optional(fields.OneOf(['line', 'unit'] as const, 'per_line: for every line, or every unit in it')),
    numerator: Type.Optional(
      Type.Integer({ minimum: 0, maximum: MAX_MULTIPLIER_PART, description: 'multiplier: 12 of 12/10 = 1.2' }),
    ),
    denominator: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_MULTIPLIER_PART })),
    of: Type.Optional(texts('entries, `base` or ids of rules, are multiplied; absent: all that were earned before')),
  },
  strict,
);

const CapList = (description: string) =>
  Type.Optional(
    Type.Array(
      Type.Object(
        {
          limit: Type.Integer({ minimum: 1, maximum: MAX_CAP }),
          unit: fields.OneOf(CAP_UNITS, 'Points, or how often'),
          per: fields.OneOf(CAP_PERIODS, "Period of the programme's zone and calendar, by the time of the event"),
        },
        strict,
      ),
      { maxItems: MAX_CAPS, description },
    ),
  );

const Caps = Type.Object(
  {
    perOrder: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_CAP, description: 'Most points of one order' })),
    perCustomer: CapList('For each customer'),
    budget: CapList('For all customers together'),
    beyond: fields.OneOf(BEYOND, 'What is more than there is room for: give what fits, or nothing'),
  },
  strict,
);

/** A rule with the shapes of expiry and activation that the programme itself uses. */
const earningRule = (policies: { expiry: TSchema; activation: TSchema }) =>
  Type.Object(
    {
      id: Type.String({ ...Text, description: 'Keep it through versions: counters and entries go by it' }),
      name: Type.String({ ...Text, description: 'For people; stands in explanations' }),
      trigger: Trigger,
      when: Type.Optional(Condition),
      effect: Effect,
      order: Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Rules take effect in this order' }),
      stop: Type.Optional(Type.Boolean({ description: 'When it gives something, no later rule is looked at' })),
      caps: Type.Optional(Caps),
      startsAt: Type.Optional(fields.Instant),
      endsAt: Type.Optional(fields.Instant),
      expiry: Type.Optional({
        ...policies.expiry,
        description: "When its points expire, in the place of the programme's; they do not slide",
      }),
      activation: Type.Optional(policies.activation),
    },
    strict,
  );

/** `rules` of a programme's body; what a schema can't say is told by the domain's `problemsOf`. */
export const ruleList = (policies: { expiry: TSchema; activation: TSchema }) =>
  Type.Unsafe<EarningRule[]>(
    Type.Array(earningRule(policies), { maxItems: MAX_RULES, description: 'How points are earned beyond the rates' }),
  );

export const RuleMatching = fields.OneOf(MATCHINGS, 'Every rule that holds counts, or only the first of its trigger');
